import { setTimeout as delay } from "node:timers/promises";
import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { deliveryFigures } from "../support/rehearsal/figures.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { MovableProxy } from "../support/rehearsal/movable-proxy.js";
import { Readiness } from "../support/rehearsal/readiness.js";
import { type Pair, replicate, startPair } from "../support/rehearsal/replication.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";

/** How long nobody can be written to: as long as an operator, or a controller, takes at the least. */
const readOnlyMilliseconds = 3_000;
/** Within that the service must have noticed that it cannot write. */
const noticeMilliseconds = 1_500;
/** How long it may take to write again once the name points to the new primary. */
const recoverySeconds = 30;

/**
 * A planned switchover under load: the primary is made read-only, the replica catches up and is made the
 * primary, and the database's name points to it. The old one goes on, keeps its connections, and refuses to
 * write.
 */
export const readOnlySwitchover: Scenario = async (rounds, report) => {
  const servers = await startPair();
  const { primary, replica } = servers;
  const proxy = await MovableProxy.start(primary.port);
  let service: BuiltService | undefined;
  try {
    const account = new URL(servers.account);
    account.port = String(proxy.port);
    await replicate({ primary, replica });
    service = await BuiltService.start({ DATABASE_URL: account.href, DATABASE_TIMEOUT_SECONDS: "5" });
    let pair: Pair = { primary, replica };
    for (let round = 0; round < rounds; round += 1) {
      report(await switchOnce(service, proxy, pair));
      pair = { primary: pair.replica, replica: pair.primary };
      await replicate(pair);
    }
  } finally {
    await service?.stop("SIGKILL");
    proxy.stop();
    await servers.stop();
  }
};

async function switchOnce(service: BuiltService, proxy: MovableProxy, pair: Pair): Promise<Outcome> {
  const followers = await follow(5, service.url);
  const readiness = new Readiness(service);
  const deliveries = new Deliveries(service.url, { perSecond: 20 });
  try {
    await deliveries.untilAcknowledged(30, recoverySeconds);
    const closedAt = performance.now();
    await hold(pair);
    const openedAt = performance.now();
    proxy.pointTo(pair.replica.port);
    await deliveries.untilAcknowledged(40, recoverySeconds);
    await deliveries.finish(recoverySeconds);
    const ids = deliveries.acknowledged.map(({ sessionId }) => sessionId);
    await untilComplete(followers, ids, recoverySeconds);
    await readiness.stop();
    const found = await audit(pair.replica, deliveries.acknowledged);
    const saidReady = readiness.wasReady(closedAt + noticeMilliseconds, openedAt - 500);
    return {
      figures: {
        ...deliveryFigures(deliveries, found),
        "read-only ms": Math.round(openedAt - closedAt),
        "writes again after ms": firstAfter(deliveries, openedAt),
        "ready again after ms": readiness.readyAfter(openedAt),
      },
      problems: [
        ...service.problems(),
        ...deliveries.problems(),
        ...auditProblems(found),
        ...followers.flatMap((follower) => follower.problems(ids)),
        ...(saidReady ? ["/readyz said 200 while nothing could be written."] : []),
        ...(Number.isNaN(readiness.readyAfter(openedAt)) ? ["/readyz said 200 no more."] : []),
      ],
    };
  } finally {
    for (const follower of followers) follower.leave();
    await readiness.stop();
  }
}

/** Makes the primary read-only and the replica the one that is written to, once it has everything. */
async function hold({ primary, replica }: Pair): Promise<void> {
  const begun = performance.now();
  await primary.query("SET GLOBAL read_only = 1");
  const [row] = await primary.query<{ position: string }>("SELECT @@gtid_binlog_pos AS position");
  const [waited] = await replica.query<{ missing: number }>("SELECT MASTER_GTID_WAIT(?, 20) AS missing", [
    row?.position,
  ]);
  if (waited?.missing !== 0) throw new Error("The replica did not catch up.");
  await replica.query("STOP SLAVE");
  await replica.query("RESET SLAVE ALL");
  await delay(Math.max(0, begun + readOnlyMilliseconds - performance.now()));
  await replica.query("SET GLOBAL read_only = 0");
}

/** Milliseconds from an instant until the first delivery was acknowledged. */
function firstAfter({ acknowledged }: Deliveries, instant: number): number {
  const times = acknowledged.filter(({ answeredAt }) => answeredAt >= instant);
  return Math.round(Math.min(...times.map(({ answeredAt }) => answeredAt)) - instant);
}
