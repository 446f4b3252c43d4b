import { setTimeout as delay } from "node:timers/promises";
import { starvingQueries } from "../support/rehearsal/abuse/starving-queries.js";
import { createReaders } from "../support/rehearsal/api-keys.js";
import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { deliveryFigures } from "../support/rehearsal/figures.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { Readiness } from "../support/rehearsal/readiness.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";

const recoverySeconds = 60;
/** How many the reader asks at once. */
const atOnce = 2;

/**
 * One reader makes the database look through all sessions, forty times an operation, without a pause:
 * deliveries and probes go on, and other readers hear of everything.
 * @param sessions how many there are to look through
 * @param seconds how long it asks in each round
 */
export function starvingQuery(sessions: number, seconds: number): Scenario {
  return async (rounds, report) => {
    const server = await DatabaseServer.start();
    let service: BuiltService | undefined;
    try {
      const url = await server.createAccount();
      service = await BuiltService.start({ DATABASE_URL: url });
      const [own, others] = await createReaders(url, 2);
      const seed = new Deliveries(service.url, { perSecond: 20 });
      await seed.untilAcknowledged(20, recoverySeconds);
      await seed.finish(recoverySeconds);
      await multiplySessions(server, sessions);
      const starve = () => starvingQueries({ url: service?.url ?? "", token: own });
      for (let round = 0; round < rounds; round += 1)
        report(await starveOnce(service, server, { starve, token: others, seconds }));
    } finally {
      await service?.stop("SIGKILL");
      await server.stop();
    }
  };
}

const own: Readonly<Record<string, string>> = {
  id: "UUID()",
  cluster_key: `UUID_SHORT() & ${Number.MAX_SAFE_INTEGER}`,
};

/** Copies sessions alone, under new ids and keys, until there are so many. */
async function multiplySessions(server: DatabaseServer, wanted: number): Promise<void> {
  const rows = await server.query<{ name: string }>(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'app' AND table_name = 'sessions'",
  );
  const names = rows.map(({ name }) => name);
  const selected = names.map((name) => own[name] ?? name);
  for (;;) {
    const [row] = await server.query<{ count: number }>("SELECT COUNT(*) AS count FROM app.sessions");
    const missing = wanted - (row?.count ?? 0);
    if (missing <= 0) break;
    await server.query(
      `INSERT INTO app.sessions (${names.join(", ")}) SELECT ${selected.join(", ")} FROM app.sessions LIMIT ${missing}`,
    );
  }
}

interface Round {
  readonly starve: () => ReturnType<typeof starvingQueries>;
  /** Of the other readers. */
  readonly token: string | undefined;
  readonly seconds: number;
}

async function starveOnce(service: BuiltService, server: DatabaseServer, round: Round): Promise<Outcome> {
  const followers = await follow(3, service.url, round.token, false);
  const quiet = new Deliveries(service.url, { perSecond: 20 });
  await quiet.untilAcknowledged(40, recoverySeconds);
  await quiet.finish(recoverySeconds);
  const readiness = new Readiness(service);
  const abuses = Array.from({ length: atOnce }, round.starve);
  await delay(500);
  const deliveries = new Deliveries(service.url, { perSecond: 20 });
  try {
    await delay(round.seconds * 1_000);
    const refused = deliveries.refused;
    await Promise.all(abuses.map((abuse) => abuse.stop()));
    await readiness.stop();
    await deliveries.finish(recoverySeconds);
    const ids = deliveries.acknowledged.map(({ sessionId }) => sessionId);
    await untilComplete(followers, ids, recoverySeconds);
    const found = await audit(server, deliveries.acknowledged);
    return {
      figures: {
        ...deliveryFigures(deliveries, found),
        "p99 ms when quiet": Math.round(quiet.latency.percentile(99) / 1_000),
        "not ready, times": readiness.refusals,
        "starving queries": abuses.reduce((sum, abuse) => sum + abuse.times(), 0),
      },
      problems: [
        ...service.problems(),
        ...deliveries.problems(),
        ...(refused > 0 ? [`${refused} deliveries were not taken at once.`] : []),
        ...(readiness.refusals > 0 ? [`/readyz said ${readiness.refusals} times that it is not ready.`] : []),
        ...auditProblems(found),
        ...followers.flatMap((follower) => follower.problems(ids)),
      ],
    };
  } finally {
    for (const follower of followers) follower.leave();
    await Promise.all(abuses.map((abuse) => abuse.stop()));
    await readiness.stop();
  }
}
