import { setTimeout as delay } from "node:timers/promises";
import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { deliveryFigures } from "../support/rehearsal/figures.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { Readiness } from "../support/rehearsal/readiness.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";

/** Fewer than each pool of the service wants. */
const allowed = 3;
const limitedMilliseconds = 3_000;
const recoverySeconds = 30;

/**
 * The account's connections are cut, and it may open only a few (MAX_USER_CONNECTIONS): error 1226 for the
 * others.
 */
export const accountLimit: Scenario = async (rounds, report) => {
  const server = await DatabaseServer.start();
  let service: BuiltService | undefined;
  try {
    service = await BuiltService.start({
      DATABASE_URL: await server.createAccount(),
      DATABASE_TIMEOUT_SECONDS: "5",
    });
    for (let round = 0; round < rounds; round += 1) report(await limitOnce(service, server));
  } finally {
    await service?.stop("SIGKILL");
    await server.stop();
  }
};

async function limitOnce(service: BuiltService, server: DatabaseServer): Promise<Outcome> {
  const followers = await follow(5, service.url);
  const readiness = new Readiness(service);
  const deliveries = new Deliveries(service.url, { perSecond: 30 });
  try {
    await deliveries.untilAcknowledged(30, recoverySeconds);
    await server.query(`ALTER USER service@'%' WITH MAX_USER_CONNECTIONS ${allowed}`);
    await server.query("KILL USER service");
    await delay(limitedMilliseconds);
    await server.query("ALTER USER service@'%' WITH MAX_USER_CONNECTIONS 0");
    const liftedAt = performance.now();
    await deliveries.untilAcknowledged(40, recoverySeconds);
    await deliveries.finish(recoverySeconds);
    const ids = deliveries.acknowledged.map(({ sessionId }) => sessionId);
    await untilComplete(followers, ids, recoverySeconds);
    await readiness.stop();
    const found = await audit(server, deliveries.acknowledged);
    return {
      figures: {
        ...deliveryFigures(deliveries, found),
        "not ready, times": readiness.refusals,
        "ready again after ms": readiness.readyAfter(liftedAt),
      },
      problems: [
        ...service.problems(),
        ...deliveries.problems(),
        ...auditProblems(found),
        ...followers.flatMap((follower) => follower.problems(ids)),
        ...(Number.isNaN(readiness.readyAfter(liftedAt)) ? ["/readyz said 200 no more."] : []),
      ],
    };
  } finally {
    for (const follower of followers) follower.leave();
    await readiness.stop();
  }
}
