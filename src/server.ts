import type { Server } from "node:http";
import cors from "cors";
import { type Access, setUpAccess } from "./access/access.js";
import { readBoardFiles } from "./board/board-files.js";
import { boardRouter } from "./board/router.js";
import type { Caller } from "./access/caller.js";
import type { Config } from "./config.js";
import { type Announcements, noAnnouncements } from "./feed/announcements.js";
import { FanOut } from "./feed/fan-out.js";
import { exportRouter } from "./export/router.js";
import { SessionExport } from "./export/session-export.js";
import { Feed } from "./feed/feed.js";
import { RedisAnnouncements } from "./feed/redis-announcements.js";
import { CursorCodec } from "./graphql/cursors.js";
import { GraphqlEndpoint } from "./graphql/transports/endpoint.js";
import type { Readers, ReaderSource } from "./graphql/readers.js";
import { schemaRouter } from "./graphql/schema-text.js";
import { createSchema } from "./graphql/schema.js";
import { SessionEventSource } from "./graphql/session-event-source.js";
import { healthRouter } from "./health.js";
import type { Handler } from "./http/handler.js";
import { createHttpServer, drain, listen, refuseOtherPaths, setSecurityHeaders } from "./http/http-server.js";
import type { Logger } from "./logger.js";
import { Metrics, metricsRouter } from "./metrics.js";
import { OpenedParts } from "./opened-parts.js";
import { problemHandler } from "./http/problem.js";
import { productionWarnings } from "./production.js";
import { redisName } from "./redis.js";
import type { ClientReader } from "./store/connection/client-reader.js";
import { ClientReads } from "./store/connection/client-reads.js";
import { connectDatabase } from "./store/connection/connect.js";
import type { Database } from "./store/database.js";
import { durabilityWarnings } from "./store/connection/durability.js";
import { ErasureList } from "./store/erasure/erasure-list.js";
import { Retention } from "./store/erasure/retention.js";
import { EventLog } from "./store/event-log.js";
import { migrate } from "./store/migrations/migrate.js";
import { packetWarnings } from "./store/connection/packet-size.js";
import { AgentVersionRevisionReader } from "./store/readers/agent-version-revision.reader.js";
import { AgentReader } from "./store/readers/agent.reader.js";
import { AgentVersionReader } from "./store/readers/agent-version.reader.js";
import { AnalysisReader } from "./store/readers/analysis.reader.js";
import { ConversationReader } from "./store/readers/conversation.reader.js";
import { FeedReader } from "./store/readers/feed.reader.js";
import { MessageReader } from "./store/readers/message.reader.js";
import { WebhookEventReader } from "./store/readers/webhook-event.reader.js";
import { SessionReader } from "./store/readers/session.reader.js";
import { everything } from "./store/readers/scope.js";
import { StatsReader } from "./store/readers/stats.reader.js";
import { loadCursorKey } from "./store/service-settings.js";
import { FeedWriter } from "./store/writers/feed.writer.js";
import { SessionWriter } from "./store/writers/session.writer.js";
import { UnreadAnswers } from "./http/unread-answers.js";
import { webhookRouter } from "./webhook/router.js";

/** A running service. */
export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Answers what is in work, closes subscriptions with 1001, and lets the database go. */
  stop(): Promise<void>;
}

/**
 * The composition root: migrates the database, puts the parts together and listens. Where that fails, nothing
 * stays open.
 */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  const opened = new OpenedParts();
  try {
    const storage = await openStorage(config, logger, opened);
    const access = await setUpAccess(config, storage, logger);
    opened.add(() => access.stop());
    const live = createFeed(config, storage, logger);
    opened.add(() => live.feed.stop());
    await live.feed.start();
    const ages = { sessions: config.retentionDays, auditLog: config.auditRetentionDays };
    const retention = new Retention(storage.database, ages, logger);
    opened.add(() => retention.stop());
    retention.start();
    const server = await serve({ config, storage, access, live, logger }, opened);
    return { url: await listen(server, config.host, config.port), stop: () => opened.close() };
  } catch (error) {
    await opened.close().catch((err: unknown) => {
      logger.warn({ err }, "what was open could not be closed in order");
    });
    throw error;
  }
}

/** The database, brought up to date, and the key in it that cursors are signed with. */
interface Storage {
  readonly database: Database;
  readonly cursorKey: string;
}

async function openStorage(config: Config, logger: Logger, opened: OpenedParts): Promise<Storage> {
  const database = await connectDatabase(config, logger);
  opened.add(() => database.close());
  await migrate(database.writer, (what) => {
    logger.info(what);
  });
  const { cluster } = database;
  if (cluster !== undefined)
    logger.info({ cluster }, "the database is a cluster: each statement travels on its own");
  for (const warning of await durabilityWarnings(database)) logger.warn(warning);
  for (const warning of await packetWarnings(database, config.webhook.maxBytes)) logger.warn(warning);
  for (const warning of productionWarnings(config)) logger.warn(warning);
  return { database, cursorKey: await loadCursorKey(database) };
}

/** The feed, with those who read and write for it. */
interface Live {
  readonly feed: Feed;
  readonly fanOut: FanOut;
  readonly writer: FeedWriter;
  /** What clients ask for is read through it, by subscribers and by everybody else. */
  readonly reads: ClientReads;
}

function createFeed(config: Config, { database, cursorKey }: Storage, logger: Logger): Live {
  const reads = new ClientReads(database);
  const sessions: Pick<SessionReader, "matchingIds"> = {
    matchingIds: (scope, filter, ids) =>
      new SessionReader(reads.forSubscribers(scope)).matchingIds(scope, filter, ids),
  };
  const writer = new FeedWriter(database);
  const reader = new FeedReader(database, (scope) => reads.forSubscribers(scope));
  const fanOut = new FanOut(reader, sessions, config.subscriptions.bufferBytes, logger);
  const feed = new Feed({
    reader,
    writer,
    fanOut,
    announcements: createAnnouncements(config, cursorKey, logger),
    retentionDays: config.feedRetentionDays,
    logger,
  });
  return { feed, fanOut, writer, reads };
}

interface HttpParts {
  readonly config: Config;
  readonly storage: Storage;
  readonly access: Access;
  readonly live: Live;
  readonly logger: Logger;
}

/** All that is served, before it listens: the webhook's router, what it does not answer, and WebSockets. */
async function serve(parts: HttpParts, opened: OpenedParts): Promise<Server> {
  const { config, storage, access, live, logger } = parts;
  const readers = readersOf(live.reads, storage.cursorKey);
  const metrics = new Metrics({
    deadLetters: () => countDeadLetters(live.reads),
    feedHead: async () => (await live.feed.head()).position,
    openSubscriptions: () => live.fanOut.size,
  });
  const cursors = new CursorCodec(storage.cursorKey);
  const schema = await createSchema({ feed: live.feed, cursors, limits: config.graphql.limits, access });
  const { server, app, first } = createHttpServer(config, logger);
  first.push(webhooks(parts, metrics));
  const unread = watchUnread(server, parts);
  opened.add(() => unread.stop());
  const events = new SessionEventSource(cursors);
  const { fanOut } = live;
  const endpoint = new GraphqlEndpoint({ ...parts, metrics, unread, schema, events, readers, fanOut });
  opened.add(async () => {
    const drained = drain(server);
    await endpoint.stop();
    await drained;
  });

  await endpoint.start();
  const origin = config.corsOrigins.includes("*") ? true : [...config.corsOrigins];
  const allowOrigins = cors({ origin, exposedHeaders, maxAge: 600 });
  first.push(endpoint.posted({ setSecurityHeaders, cors: allowOrigins }));
  app.use(healthRouter(storage.database));
  const pages = { board: config.board, explorer: config.graphql.explorer !== false };
  if (pages.board || pages.explorer) app.use(boardRouter(await readBoardFiles(), pages));
  app.use(allowOrigins);
  // Whatever is added below is for callers who have said who they are; what is open to anyone stands above.
  app.use(access.gate.http);
  app.use(metricsRouter(metrics, access.gate));
  app.use(schemaRouter(schema));
  const exportFor = (caller: Caller, isGone: () => boolean) => {
    const reader = live.reads.forOperation(caller, { isGone, isTimedAsWhole: false });
    return new SessionExport(new SessionReader(reader), new AnalysisReader(reader, storage.cursorKey));
  };
  app.use(exportRouter({ exportFor, schema, cursors, gate: access.gate, unread, logger }));
  app.use(endpoint.router());
  app.use(refuseOtherPaths);
  app.use(problemHandler(logger));
  endpoint.attach(server);
  return server;
}

function watchUnread(server: Server, { config, logger }: HttpParts): UnreadAnswers {
  const { subscriptions, unreadBytes } = config;
  const { bufferBytes, stallSeconds } = subscriptions;
  const limits = { bufferBytes, stallMilliseconds: stallSeconds * 1_000, totalBytes: unreadBytes };
  const unread = new UnreadAnswers(limits, logger);
  unread.watch(server);
  return unread;
}

/** What pages of other origins may read of an answer, beside what browsers show them anyway. */
const exposedHeaders = ["Retry-After", "WWW-Authenticate", "Content-Disposition", "X-Export-Cursor"];

/** Readers are little more than the connection they read through, so each operation has its own. */
function readersOf(reads: ClientReads, cursorKey: string): ReaderSource {
  const through = (reader: ClientReader) => {
    const readers: Readers = {
      sessions: new SessionReader(reader),
      messages: new MessageReader(reader),
      agentVersions: new AgentVersionReader(reader),
      agentVersionRevisions: new AgentVersionRevisionReader(reader),
      agents: new AgentReader(reader),
      conversations: new ConversationReader(reader),
      analyses: new AnalysisReader(reader, cursorKey),
      webhookEvents: new WebhookEventReader(reader),
      stats: new StatsReader(reader),
    };
    return {
      readers,
      end: () => {
        reader.end();
      },
    };
  };
  return {
    forOperation: (caller, isGone) => through(reads.forOperation(caller, { isGone })),
    forSubscribers: (scope) => through(reads.forSubscribers(scope)),
  };
}

async function countDeadLetters(reads: ClientReads): Promise<number> {
  const reader = reads.forOperation({ id: "metrics", scope: everything });
  return await new WebhookEventReader(reader).count({ status: "dead" });
}

/**
 * Connections of the writing pool for each transaction of projections that runs at once: where more events
 * come than so many transactions take, they share them, and the rest of the pool is for what needs its own.
 */
const connectionsPerProjection = 4;

function webhooks(
  { config, storage: { database }, live: { feed, writer }, logger }: HttpParts,
  metrics: Metrics,
): Handler {
  const events = new EventLog(
    database,
    new SessionWriter(),
    writer,
    new ErasureList(database),
    Math.ceil(config.databasePoolSize / connectionsPerProjection),
  );
  return webhookRouter({ config: config.webhook, events, feed, metrics, logger });
}

function createAnnouncements({ redisUrl }: Config, databaseKey: string, logger: Logger): Announcements {
  if (redisUrl === undefined) return noAnnouncements;
  return new RedisAnnouncements(redisUrl, redisName("feed", databaseKey), logger);
}
