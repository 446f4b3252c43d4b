import type { Registry } from "prom-client";
import { byTransport, type SubscriptionTransport } from "./feed.metrics.js";
import { inTurns, type Sample, scrapedCounter, scrapedGauge } from "./scraped.js";

/** A pool of database connections. */
export interface PoolState {
  /** Connections that it may have. */
  readonly size: number;
  readonly inUse: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  /** Connections handed out since the start, and how long all callers together waited for them. */
  readonly acquired: number;
  readonly waitedMilliseconds: number;
}

/** What the parts of the service tell of themselves when somebody scrapes. */
export interface StateSources {
  readonly build: Readonly<Record<"version" | "node" | "database" | "cluster", string>>;
  readonly deadLetters: () => Promise<number>;
  readonly feedHead: () => Promise<number>;
  /** The position up to which this instance has read the feed. */
  readonly feedPosition: () => number;
  /** Milliseconds since 1970: the receipt of the oldest change without a position, if there is one. */
  readonly oldestUnnumbered: () => Promise<number | undefined>;
  readonly openSubscriptions: () => Readonly<Record<SubscriptionTransport, number>>;
  readonly catchingUp: () => number;
  readonly pools: () => Readonly<Record<string, PoolState>>;
  /** Clients' statements that wait for their turn. */
  readonly waitingStatements: () => number;
  /** Connections closed because their clients did not read. */
  readonly closedSlow: () => number;
  readonly unreadBytes: () => number;
  /** Deliveries that name somebody who was erased. */
  readonly redactedDeliveries: () => number;
  /** What should have come and is missing: how many of each kind; kinds of which none is may be left out. */
  readonly expectationKinds: readonly string[];
  readonly openExpectations: () => Promise<ReadonlyMap<string, number>>;
  /** Messages of alarms. `oldest`: since when the one waits that waits longest, in ms since 1970. */
  readonly alertMessages: () => Promise<AlertState>;
  /** Rows deleted by age. */
  readonly retired: () => Readonly<Record<string, number>>;
  /** Milliseconds since 1970; undefined before the first run has ended. */
  readonly retentionSuccess: () => number | undefined;
}

interface AlertState {
  readonly waiting: number;
  readonly parked: number;
  readonly oldest: number | undefined;
}

interface State {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: string[];
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

/** Milliseconds since 1970. */
const begunAt = Date.now();

/** Registers the metrics that are read when somebody scrapes. */
export function watchState(registry: Registry, sources: StateSources): void {
  const turn = inTurns();
  for (const { read, ...description } of [...gaugesOf(sources), ...poolGauges(sources)])
    scrapedGauge(registry, description, turn(read));
  for (const { read, ...description } of countersOf(sources))
    scrapedCounter(registry, description, turn(read));
}

function gaugesOf(sources: StateSources): State[] {
  return [
    {
      name: "conversation_agent_api_build_info",
      help: "What runs here; always 1.",
      labelNames: ["version", "node", "database", "cluster"],
      read: () => [[sources.build, 1]],
    },
    {
      name: "feed_head_position",
      help: "The last position of the feed.",
      read: async () => one(await sources.feedHead()),
    },
    {
      name: "feed_lag_entries",
      help: "Positions of the feed that this instance has not read yet.",
      read: async () => one(Math.max(0, (await sources.feedHead()) - sources.feedPosition())),
    },
    {
      name: "feed_oldest_unnumbered_seconds",
      help: "Age of the oldest change that has no position yet; 0 where there is none.",
      read: async () => one(secondsSince(await sources.oldestUnnumbered())),
    },
    {
      name: "graphql_subscriptions_open",
      help: "Open subscriptions.",
      labelNames: ["transport"],
      read: () => byTransport(sources.openSubscriptions()),
    },
    {
      name: "graphql_subscriptions_catching_up",
      help: "Subscriptions that read the feed at their own pace: resumed, or too slow for the others'.",
      read: () => one(sources.catchingUp()),
    },
    {
      name: "http_unread_bytes",
      help: "Bytes of answers that clients have not read.",
      read: () => one(sources.unreadBytes()),
    },
    {
      name: "webhook_dead_letters",
      help: "Dead letters that are kept.",
      read: async () => one(await sources.deadLetters()),
    },
    {
      name: "expectations_open",
      help: "What should have come and is missing, by kind.",
      labelNames: ["kind"],
      read: async () => {
        const counts = await sources.openExpectations();
        return sources.expectationKinds.map((kind): Sample => [{ kind }, counts.get(kind) ?? 0]);
      },
    },
    {
      name: "alert_messages",
      help: "Messages of alarms that are kept, by whether they wait or are parked.",
      labelNames: ["state"],
      read: async () => {
        const { waiting, parked } = await sources.alertMessages();
        return [
          [{ state: "waiting" }, waiting],
          [{ state: "parked" }, parked],
        ];
      },
    },
    {
      name: "alert_oldest_waiting_seconds",
      help: "How long the oldest message of an alarm has waited; 0 where none does.",
      read: async () => one(secondsSince((await sources.alertMessages()).oldest)),
    },
    {
      name: "retention_last_success_timestamp_seconds",
      help: "When this instance last finished a run of the retention; before its first run, when it began.",
      read: () => one((sources.retentionSuccess() ?? begunAt) / 1_000),
    },
  ];
}

function poolGauges({ pools, waitingStatements }: StateSources): State[] {
  const each = samplesOf(pools);
  return [
    {
      name: "database_pool_connections",
      help: "Open connections to the database, by pool.",
      labelNames: ["pool", "state"],
      read: () =>
        Object.entries(pools()).flatMap(([pool, { inUse, idle }]): Sample[] => [
          [{ pool, state: "in_use" }, inUse],
          [{ pool, state: "idle" }, idle],
        ]),
    },
    {
      name: "database_pool_size",
      help: "Connections that a pool may have.",
      labelNames: ["pool"],
      read: each(({ size }) => size),
    },
    {
      name: "database_pool_waiting",
      help: "Callers that wait for a connection of a pool.",
      labelNames: ["pool"],
      read: each(({ waiting }) => waiting),
    },
    {
      name: "database_turns_waiting",
      help: "Clients' statements that wait for their turn.",
      read: () => one(waitingStatements()),
    },
  ];
}

function countersOf({ pools, ...sources }: StateSources): State[] {
  const each = samplesOf(pools);
  return [
    {
      name: "database_pool_acquired_total",
      help: "Connections handed out by a pool.",
      labelNames: ["pool"],
      read: each(({ acquired }) => acquired),
    },
    {
      name: "database_pool_wait_seconds_total",
      help: "Time that callers waited for a connection of a pool.",
      labelNames: ["pool"],
      read: each(({ waitedMilliseconds }) => waitedMilliseconds / 1_000),
    },
    {
      name: "http_connections_closed_slow_total",
      help: "Connections closed because their clients did not read.",
      read: () => one(sources.closedSlow()),
    },
    {
      name: "webhook_deliveries_redacted_total",
      help: "Deliveries that name somebody who was erased, and were stored without it.",
      read: () => one(sources.redactedDeliveries()),
    },
    {
      name: "retention_deleted_total",
      help: "Rows that this instance deleted by age.",
      labelNames: ["what"],
      read: () => Object.entries(sources.retired()).map(([what, count]) => [{ what }, count]),
    },
  ];
}

function samplesOf(pools: StateSources["pools"]) {
  return (read: (state: PoolState) => number) => () =>
    Object.entries(pools()).map(([pool, state]): Sample => [{ pool }, read(state)]);
}

/** @param instant milliseconds since 1970; 0 where there is none */
function secondsSince(instant: number | undefined): number {
  return instant === undefined ? 0 : Math.max(0, Date.now() - instant) / 1_000;
}

function one(value: number): readonly Sample[] {
  return [[{}, value]];
}
