import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { Backup } from "../support/rehearsal/backup.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { type Acknowledged, Deliveries } from "../support/rehearsal/deliveries.js";
import { deliveryFigures } from "../support/rehearsal/figures.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";

/** Events before the backup, and at least so many that the restore takes. */
const eventsBefore = 30;
const eventsLost = 15;
/** So many that the feed's head passes, after the restore, all that it had lost. */
const eventsAfter = 80;
const recoverySeconds = 30;

/**
 * An older backup is restored, in odd rounds under the running service, in even ones while it is stopped.
 * Some subscribers are there, some come back when the feed's head has passed what was lost: none may miss
 * anything without being told.
 */
export const restoredBackup: Scenario = async (rounds, report) => {
  const server = await DatabaseServer.start();
  let service: BuiltService | undefined;
  try {
    service = await BuiltService.start({
      DATABASE_URL: await server.createAccount(),
      DATABASE_TIMEOUT_SECONDS: "5",
    });
    for (let round = 1; round <= rounds; round += 1)
      report(await restoreOnce(service, server, round, round % 2 === 0));
  } finally {
    await service?.stop("SIGKILL");
    await server.stop();
  }
};

async function restoreOnce(
  service: BuiltService,
  server: DatabaseServer,
  round: number,
  isStopped: boolean,
): Promise<Outcome> {
  const backup = await Backup.prepare(server, round);
  const followers = await follow(6, service.url);
  const deliveries = new Deliveries(service.url, { perSecond: 20 });
  try {
    await deliveries.untilAcknowledged(eventsBefore, recoverySeconds);
    const { begunAt } = await backup.take();
    // The agent version has new content, and keeps it: the restore takes that away, and it must be inserted
    // again.
    deliveries.agentDescription = `Round ${round}`;
    await deliveries.untilAcknowledged(eventsLost, recoverySeconds);
    await untilComplete(followers, idsOf(deliveries.acknowledged), recoverySeconds);
    for (const follower of followers.slice(3)) follower.goAway();
    if (isStopped) await service.stop("SIGTERM");
    const { endedAt } = await backup.restore();
    if (isStopped) await service.start();
    await deliveries.untilAcknowledged(eventsAfter, recoverySeconds);
    for (const follower of followers) follower.comeBack();
    await deliveries.finish(recoverySeconds);
    const kept = deliveries.acknowledged.filter(
      ({ answeredAt, sentAt }) => answeredAt < begunAt || sentAt > endedAt,
    );
    const ids = idsOf(kept);
    await untilComplete(followers, ids, recoverySeconds);
    const found = await audit(server, kept);
    const told = followers.filter(({ expired }) => expired > 0).length;
    return {
      figures: {
        service: isStopped ? "stopped" : "running",
        ...deliveryFigures(deliveries, found),
        "taken by the restore": deliveries.acknowledged.length - kept.length,
        "told CURSOR_EXPIRED": `${told} of ${followers.length}`,
      },
      problems: [
        ...service.problems(),
        ...deliveries.problems(isStopped),
        ...auditProblems(found),
        ...followers.flatMap((follower) => follower.problems(ids)),
        ...followers.flatMap(({ errors }) =>
          errors.includes("BAD_USER_INPUT") ? ["A cursor was refused as bad."] : [],
        ),
        ...(told < followers.length ? ["Not every subscriber was told that its cursor has expired."] : []),
      ],
    };
  } finally {
    for (const follower of followers) follower.leave();
  }
}

function idsOf(acknowledged: readonly Acknowledged[]): string[] {
  return acknowledged.map(({ sessionId }) => sessionId);
}
