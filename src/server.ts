import type { Server } from "node:http";
import cors from "cors";
import { type Access, setUpAccess } from "./access/access.js";
import { Alarms } from "./alerts/alarms.js";
import { readBoardFiles } from "./board/board-files.js";
import { boardRouter } from "./board/router.js";
import type { Caller } from "./access/caller.js";
import type { Config } from "./config.js";
import { type Announcements, noAnnouncements } from "./feed/announcements.js";
import { FanOut } from "./feed/fan-out.js";
import { exportRouter } from "./export/router.js";
import { SessionExport } from "./export/session-export.js";
import { expectationKinds } from "./model/expectation.js";
import { Feed } from "./feed/feed.js";
import { CursorCodec } from "./graphql/cursors.js";
import { GraphqlEndpoint } from "./graphql/transports/endpoint.js";
import type { Readers, ReaderSource } from "./graphql/readers.js";
import { schemaRouter } from "./graphql/schema-text.js";
import { createSchema } from "./graphql/schema.js";
import { SessionEventSource } from "./graphql/session-event-source.js";
import { healthRouter } from "./health.js";
import { ExpectationWatcher } from "./expectations/watcher.js";
import { firstLooks, setWaits } from "./expectations/patience.js";
import type { Handler } from "./http/handler.js";
import { createHttpServer, drain, listen, refuseOtherPaths, setSecurityHeaders } from "./http/http-server.js";
import { type Logger, type PartLoggers, partLoggers } from "./logger.js";
import type { FeedMetrics } from "./metrics/feed.metrics.js";
import { Metrics } from "./metrics/metrics.js";
import { metricsRouter } from "./metrics/router.js";
import type { StateSources } from "./metrics/state.metrics.js";
import { OpenedParts } from "./opened-parts.js";
import { problemHandler } from "./http/problem.js";
import { originHeaders } from "./http/answer-headers.js";
import { productionWarnings } from "./production.js";
import { redisName } from "./redis/name.js";
import type { ClientReader } from "./store/connection/client-reader.js";
import { ClientReads } from "./store/connection/client-reads.js";
import { connectDatabase } from "./store/connection/connect.js";
import type { Database } from "./store/database.js";
import { durabilityWarnings } from "./store/connection/durability.js";
import { AlertOutbox } from "./store/alert-outbox.js";
import { ErasureList } from "./store/erasure/erasure-list.js";
import { Retention } from "./store/erasure/retention.js";
import { EventLog } from "./store/event-log.js";
import { migrate } from "./store/migrations/migrate.js";
import { NewerMigrations } from "./store/newer-migrations.js";
import { packetWarnings } from "./store/connection/packet-size.js";
import { AgentVersionRevisionReader } from "./store/readers/agent-version-revision.reader.js";
import { AgentReader } from "./store/readers/agent.reader.js";
import { AgentVersionReader } from "./store/readers/agent-version.reader.js";
import { AnalysisReader } from "./store/readers/analysis.reader.js";
import { ConversationReader } from "./store/readers/conversation.reader.js";
import { ExpectationReader } from "./store/readers/expectation.reader.js";
import { FeedReader } from "./store/readers/feed.reader.js";
import { KnownVersions } from "./store/readers/known-versions.js";
import { MessageReader } from "./store/readers/message.reader.js";
import { WebhookEventReader } from "./store/readers/webhook-event.reader.js";
import { SessionReader } from "./store/readers/session.reader.js";
import { everything } from "./store/readers/scope.js";
import { StatsReader } from "./store/readers/stats.reader.js";
import { loadCursorKey } from "./store/service-settings.js";
import { FeedWriter } from "./store/writers/feed.writer.js";
import { SessionWriter } from "./store/writers/session.writer.js";
import { UnreadAnswers } from "./http/unread-answers.js";
import type { Tracing } from "./tracing/tracing.js";
import { readVersion } from "./version.js";
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
export async function startServer(config: Config, logger: Logger, tracing?: Tracing): Promise<RunningServer> {
  const opened = new OpenedParts();
  const logs = partLoggers(logger, config.partLogLevels);
  if (tracing !== undefined) opened.add(() => tracing.stop());
  try {
    const storage = await openStorage(config, { logger: logs("store"), tracing }, opened);
    const access = await setUpAccess(config, storage, logs("access"));
    opened.add(() => access.stop());
    const metrics = new Metrics();
    const live = await createFeed(config, storage, { metrics: metrics.feed, tracing, logger: logs("feed") });
    opened.add(() => live.feed.stop());
    await live.feed.start();
    const ages = { sessions: config.retentionDays, auditLog: config.auditRetentionDays };
    const retention = new Retention(storage.database, ages, logs("store"));
    opened.add(() => retention.stop());
    retention.start();
    if (config.expectations !== undefined) {
      const watcher = createWatcher(config.expectations, storage, live, logs("expectations"));
      opened.add(() => watcher.stop());
      watcher.start();
    }
    if (config.alerts.isSending) {
      const { database } = storage;
      const { privateTargets } = config.alerts;
      const { audit } = access;
      const parts = { database, privateTargets, audit, metrics: metrics.alerts, logger: logs("alerts") };
      const alarms = new Alarms(parts);
      opened.add(() => alarms.stop());
      alarms.start();
    }
    const server = await serve({ config, storage, access, live, retention, metrics, tracing, logs }, opened);
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
  readonly newer: NewerMigrations;
}

async function openStorage(
  config: Config,
  { logger, tracing }: { readonly logger: Logger; readonly tracing: Tracing | undefined },
  opened: OpenedParts,
): Promise<Storage> {
  const database = await connectDatabase(config, logger, tracing);
  opened.add(() => database.close());
  await migrate(database.writer, (what) => {
    logger.info(what);
  });
  const { cluster } = database;
  if (config.databaseRead !== undefined) logger.info("what clients read comes from DATABASE_READ_URL");
  if (cluster !== undefined)
    logger.info({ cluster }, "the database is a cluster: each statement travels on its own");
  for (const warning of await durabilityWarnings(database)) logger.warn(warning);
  for (const warning of await packetWarnings(database, config.webhook.maxBytes)) logger.warn(warning);
  for (const warning of productionWarnings(config)) logger.warn(warning);
  const newer = new NewerMigrations(database, logger);
  opened.add(() => newer.stop());
  await newer.start();
  return { database, cursorKey: await loadCursorKey(database), newer };
}

/** The feed, with those who read and write for it. */
interface Live {
  readonly feed: Feed;
  readonly fanOut: FanOut;
  readonly writer: FeedWriter;
  /** What clients ask for is read through it, by subscribers and by everybody else. */
  readonly reads: ClientReads;
}

/** Whom the feed tells of itself. */
interface FeedTellers {
  readonly metrics: FeedMetrics;
  readonly tracing: Tracing | undefined;
  readonly logger: Logger;
}

async function createFeed(
  config: Config,
  { database, cursorKey }: Storage,
  { metrics, tracing, logger }: FeedTellers,
): Promise<Live> {
  const reads = new ClientReads(database);
  const sessions: Pick<SessionReader, "matchingIds"> = {
    matchingIds: (scope, filter, ids) =>
      new SessionReader(reads.forSubscribers(scope)).matchingIds(scope, filter, ids),
  };
  const writer = new FeedWriter(database);
  const reader = new FeedReader(database.feed, (scope) => reads.forSubscribers(scope), database.current);
  const fanOut = new FanOut(reader, sessions, config.subscriptions.bufferBytes, metrics, logger, tracing);
  const feed = new Feed({
    reader,
    writer,
    fanOut,
    announcements: await createAnnouncements(config, cursorKey, logger),
    retentionDays: config.feedRetentionDays,
    metrics,
    tracing,
    logger,
  });
  return { feed, fanOut, writer, reads };
}

function createWatcher(
  waits: NonNullable<Config["expectations"]>,
  { database }: Storage,
  { feed, writer }: Live,
  logger: Logger,
): ExpectationWatcher {
  return new ExpectationWatcher({
    database,
    feed: writer,
    set: setWaits(waits),
    onOpened: () => {
      feed.committed();
    },
    logger,
  });
}

interface HttpParts {
  readonly config: Config;
  readonly storage: Storage;
  readonly access: Access;
  readonly live: Live;
  readonly retention: Retention;
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  readonly logs: PartLoggers;
}

/** All that is served, before it listens: the webhook's router, what it does not answer, and WebSockets. */
async function serve(parts: HttpParts, opened: OpenedParts): Promise<Server> {
  const { config, storage, access, live, metrics, logs } = parts;
  const readers = readersOf(live.reads, storage.cursorKey);
  const cursors = new CursorCodec(storage.cursorKey);
  const schema = await createSchema({ feed: live.feed, cursors, limits: config.graphql.limits, access });
  const { server, app, first } = createHttpServer(config, logs("http"));
  const erasures = new ErasureList(storage.database);
  first.push(webhooks(parts, erasures));
  const unread = watchUnread(server, parts);
  opened.add(() => unread.stop());
  metrics.watch(stateOf(parts, { erasures, unread }));
  const events = new SessionEventSource(cursors, storage.database.dialect.isSearched);
  const { fanOut } = live;
  const endpoint = new GraphqlEndpoint({
    ...parts,
    logger: logs("graphql"),
    unread,
    schema,
    events,
    readers,
    fanOut,
  });
  opened.add(async () => {
    const drained = drain(server);
    await endpoint.stop();
    await drained;
  });

  await endpoint.start();
  const origin = config.corsOrigins.includes("*") ? true : [...config.corsOrigins];
  const allowOrigins = cors({ origin, exposedHeaders, maxAge: 600 });
  first.push(endpoint.posted({ setSecurityHeaders, setOriginHeaders: originHeaders(allowOrigins) }));
  app.use(healthRouter(storage.database, storage.newer));
  const pages = { board: config.board, explorer: config.graphql.explorer !== false };
  if (pages.board || pages.explorer) app.use(boardRouter(await readBoardFiles(), pages));
  app.use(allowOrigins);
  // Whatever is added below is for callers who have said who they are; what is open to anyone stands above.
  app.use(access.gate.http);
  app.use(metricsRouter(metrics, access.gate));
  app.use(schemaRouter(schema, { gate: access.gate, config: config.graphql }));
  const exportFor = (caller: Caller, isGone: () => boolean) => {
    const reader = live.reads.forOperation(caller, { isGone, isTimedAsWhole: false });
    return new SessionExport(new SessionReader(reader), new AnalysisReader(reader, storage.cursorKey));
  };
  app.use(
    exportRouter({
      exportFor,
      schema,
      cursors,
      gate: access.gate,
      connections: access.connections,
      unread,
      metrics: metrics.operations,
      tracing: parts.tracing,
      logger: logs("export"),
    }),
  );
  app.use(endpoint.router());
  app.use(refuseOtherPaths);
  app.use(
    problemHandler(logs("http"), (error, area) => {
      metrics.limits.answeredWith(error);
      if (area === "graphql") metrics.operations.refused(error.code);
    }),
  );
  endpoint.attach(server);
  return server;
}

function watchUnread(server: Server, { config, logs }: HttpParts): UnreadAnswers {
  const { subscriptions, unreadBytes } = config;
  const { bufferBytes, stallSeconds } = subscriptions;
  const limits = { bufferBytes, stallMilliseconds: stallSeconds * 1_000, totalBytes: unreadBytes };
  const unread = new UnreadAnswers(limits, logs("http"));
  unread.watch(server);
  return unread;
}

/** What pages of other origins may read of an answer, beside what browsers show them anyway. */
const exposedHeaders = ["Retry-After", "WWW-Authenticate", "Content-Disposition", "X-Export-Cursor"];

/** Readers are little more than the connection they read through, so each operation has its own. */
function readersOf(reads: ClientReads, cursorKey: string): ReaderSource {
  const versions = new KnownVersions();
  const through = (reader: ClientReader) => {
    const readers: Readers = {
      sessions: new SessionReader(reader),
      messages: new MessageReader(reader),
      agentVersions: new AgentVersionReader(reader, versions),
      agentVersionRevisions: new AgentVersionRevisionReader(reader),
      agents: new AgentReader(reader),
      conversations: new ConversationReader(reader),
      analyses: new AnalysisReader(reader, cursorKey),
      webhookEvents: new WebhookEventReader(reader),
      stats: new StatsReader(reader),
      expectations: new ExpectationReader(reader),
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

/** What is read of all parts when somebody scrapes the metrics. */
function stateOf(
  { storage: { database }, live: { feed, fanOut, writer, reads }, retention }: HttpParts,
  { erasures, unread }: { readonly erasures: ErasureList; readonly unread: UnreadAnswers },
): StateSources {
  const { dialect, cluster = "single" } = database;
  return {
    build: { version: readVersion(), node: process.versions.node, database: dialect.name, cluster },
    deadLetters: () => countDeadLetters(reads),
    expectationKinds,
    openExpectations: () => new ExpectationReader(database).openCounts(),
    feedHead: async () => (await feed.currentHead()).position,
    feedPosition: () => fanOut.position,
    oldestUnnumbered: () => writer.oldestUnnumbered(),
    openSubscriptions: () => fanOut.open,
    catchingUp: () => fanOut.catchingUp,
    pools: () => database.poolUsage,
    waitingStatements: () => reads.waiting,
    closedSlow: () => unread.closedSlow,
    unreadBytes: () => unread.unreadBytes,
    redactedDeliveries: () => erasures.redactedDeliveries,
    alertMessages: () => new AlertOutbox(database).state(),
    retired: () => ({ ...retention.retired }),
    retentionSuccess: () => retention.lastSuccess,
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
  { config, storage: { database }, live: { feed, writer }, metrics, tracing, logs }: HttpParts,
  erasures: ErasureList,
): Handler {
  const events = new EventLog(
    database,
    new SessionWriter(firstLooks(config.expectations)),
    writer,
    erasures,
    Math.ceil(config.databasePoolSize / connectionsPerProjection),
    tracing,
  );
  return webhookRouter({
    config: config.webhook,
    events,
    feed,
    metrics: metrics.deliveries,
    tracing,
    logger: logs("webhook"),
  });
}

async function createAnnouncements(
  { redisUrl }: Config,
  databaseKey: string,
  logger: Logger,
): Promise<Announcements> {
  if (redisUrl === undefined) return noAnnouncements;
  const { RedisAnnouncements } = await import("./feed/redis-announcements.js");
  return new RedisAnnouncements(redisUrl, redisName("feed", databaseKey), logger);
}
