import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import cors from "cors";
import express, { type Express } from "express";
import helmet from "helmet";
import { setUpAccess } from "./access/access.js";
import type { Config } from "./config.js";
import { ServiceError } from "./errors.js";
import { type Announcements, noAnnouncements } from "./feed/announcements.js";
import { FanOut } from "./feed/fan-out.js";
import { exportRouter } from "./export/router.js";
import { SessionExport } from "./export/session-export.js";
import { Feed } from "./feed/feed.js";
import { RedisAnnouncements } from "./feed/redis-announcements.js";
import { CursorCodec } from "./graphql/cursors.js";
import { GraphqlEndpoint } from "./graphql/endpoint.js";
import { createSchema } from "./graphql/schema.js";
import { SessionEventSource } from "./graphql/session-event-source.js";
import { healthRouter } from "./health.js";
import type { Logger } from "./logger.js";
import { Metrics, metricsRouter } from "./metrics.js";
import { problemHandler } from "./problem.js";
import { productionWarnings } from "./production.js";
import { ClientReader } from "./store/client-reader.js";
import { connectDatabase } from "./store/connect.js";
import { durabilityWarnings } from "./store/durability.js";
import { ErasureList } from "./store/erasure/erasure-list.js";
import { Retention } from "./store/erasure/retention.js";
import { EventLog } from "./store/event-log.js";
import { migrate } from "./store/migrate.js";
import { packetWarnings } from "./store/packet-size.js";
import { AgentVersionReader } from "./store/readers/agent-version.reader.js";
import { AnalysisReader } from "./store/readers/analysis.reader.js";
import { FeedReader } from "./store/readers/feed.reader.js";
import { MessageReader } from "./store/readers/message.reader.js";
import { WebhookEventReader } from "./store/readers/webhook-event.reader.js";
import { SessionReader } from "./store/readers/session.reader.js";
import { StatsReader } from "./store/readers/stats.reader.js";
import { loadCursorKey } from "./store/service-settings.js";
import { FeedWriter } from "./store/writers/feed.writer.js";
import { SessionWriter } from "./store/writers/session.writer.js";
import { webhookRouter } from "./webhook/router.js";

/** A running service. */
export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Answers what is in work, closes subscriptions with 1001, and lets the database go. */
  stop(): Promise<void>;
}

/** How long deliveries in work may take to finish once the service is asked to stop. */
const drainMilliseconds = 8_000;

/** The composition root: migrates the database, puts the parts together and listens. */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  const database = await connectDatabase(config, logger);
  await migrate(database.writer, (what) => {
    logger.info(what);
  });
  for (const warning of await durabilityWarnings(database)) logger.warn(warning);
  for (const warning of await packetWarnings(database, config.webhook.maxBytes)) logger.warn(warning);
  for (const warning of productionWarnings(config)) logger.warn(warning);
  const access = await setUpAccess(config, database, logger).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });

  const forClients = new ClientReader(database);
  const sessions = new SessionReader(forClients);
  const feedWriter = new FeedWriter(database);
  const feedReader = new FeedReader(database);
  const { bufferBytes, stallSeconds } = config.subscriptions;
  const limits = { bufferBytes, stallMilliseconds: stallSeconds * 1_000 };
  const fanOut = new FanOut(feedReader, sessions, limits, logger);
  const cursorKey = await loadCursorKey(database);
  const feed = new Feed({
    reader: feedReader,
    writer: feedWriter,
    fanOut,
    announcements: createAnnouncements(config, cursorKey, logger),
    retentionDays: config.feedRetentionDays,
    logger,
  });
  const cursors = new CursorCodec(cursorKey);
  const readers = {
    sessions,
    messages: new MessageReader(forClients),
    agentVersions: new AgentVersionReader(forClients),
    analyses: new AnalysisReader(forClients),
    webhookEvents: new WebhookEventReader(forClients),
    stats: new StatsReader(forClients),
  };
  const metrics = new Metrics({
    deadLetters: () => readers.webhookEvents.count({ status: "dead" }),
    feedHead: async () => (await feed.bounds()).head,
    openSubscriptions: () => fanOut.size,
  });
  const schema = await createSchema({ readers, feed, cursors, maxCost: config.graphql.limits.maxCost });
  const endpoint = new GraphqlEndpoint({
    metrics,
    schema,
    events: new SessionEventSource(cursors),
    fanOut,
    access,
    config,
    logger,
  });
  const eventLog = new EventLog(database, new SessionWriter(), feedWriter, new ErasureList(database));

  const webhooks = webhookRouter({ config: config.webhook, events: eventLog, feed, metrics, logger });
  const refused = new WeakMap<IncomingMessage, unknown>();
  const app = createApp();
  app.use((request, _response, next) => {
    next(refused.get(request));
  });
  app.use(healthRouter(database));
  app.use(cors({ origin: config.corsOrigins.includes("*") ? true : [...config.corsOrigins], maxAge: 600 }));
  // Whatever is added below is for callers who have said who they are; what is open to anyone stands above.
  app.use(access.gate.http);
  app.use(metricsRouter(metrics, access.gate));
  const sessionExport = new SessionExport(sessions, readers.analyses);
  app.use(exportRouter({ sessions: sessionExport, schema, cursors, gate: access.gate, logger }));
  app.use(await endpoint.router());
  app.use((_request, _response, next) => {
    next(
      new ServiceError("Nothing is served at this path.", {
        status: 404,
        code: "NOT_FOUND",
        logLevel: "debug",
      }),
    );
  });
  app.use(problemHandler(logger));

  const server = createServer(
    { requestTimeout: config.webhook.bodyTimeoutSeconds * 1_000, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      void webhooks(request, response, (error) => {
        if (error !== undefined) refused.set(request, error);
        app(request, response);
      });
    },
  );
  endpoint.attach(server);
  await feed.start();
  const ages = { sessions: config.retentionDays, auditLog: config.auditRetentionDays };
  const retention = new Retention(database, ages, logger);
  retention.start();
  const url = await listen(server, config.host, config.port);
  return {
    url,
    stop: async () => {
      const drained = drain(server);
      await endpoint.stop();
      await drained;
      await feed.stop();
      await retention.stop();
      await access.stop();
      await database.close();
    },
  };
}

/** The channel is named after the database's own key, so that services which share a Redis and not a database do not meet. */
function createAnnouncements({ redisUrl }: Config, databaseKey: string, logger: Logger): Announcements {
  if (redisUrl === undefined) return noAnnouncements;
  const name = createHash("sha256").update(databaseKey).digest("hex").slice(0, 16);
  return new RedisAnnouncements(redisUrl, `conversation-agent-api:feed:${name}`, logger);
}

function createApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  // Sandbox brings a policy of its own, and may be opened from anywhere on the local machine.
  app.use(helmet({ contentSecurityPolicy: false, crossOriginEmbedderPolicy: false }));
  return app;
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port: actual } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}

/** Stops accepting, lets requests in work finish, and cuts what takes too long. */
async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, drainMilliseconds);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
