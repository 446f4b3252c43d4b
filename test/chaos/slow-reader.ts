import { setTimeout as delay } from "node:timers/promises";
import { unreadAnswers } from "../support/rehearsal/abuse/unread-answers.js";
import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { BuiltService } from "../support/rehearsal/built-service.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { deliveryFigures } from "../support/rehearsal/figures.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { Memory } from "../support/rehearsal/memory.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";

const stallSeconds = 4;
const largeSessions = 200;
const transcriptBytes = 100_000;
/** Each answer is 20 MB, so all that is asked for is more than 1.5 GB: what is bounded stays far below. */
const unread = { socketQueries: 40, httpRequests: 30, streams: 10, subscribers: 10, holdMilliseconds: 8_000 };
const mostGrowthMegabytes = 300;
const recoverySeconds = 30;

/**
 * Clients ask for large answers, over WebSocket, HTTP and event streams, and never read: the process lives,
 * and memory is bounded.
 */
export const slowReader: Scenario = async (rounds, report) => {
  const server = await DatabaseServer.start();
  let service: BuiltService | undefined;
  try {
    service = await BuiltService.start({
      DATABASE_URL: await server.createAccount(),
      SUBSCRIPTION_STALL_SECONDS: String(stallSeconds),
      // The heartbeat comes often while answers wait.
      SUBSCRIPTION_KEEP_ALIVE_SECONDS: "1",
      // V8 lets garbage lie where the machine has room. Within this what is held counts, and what is held
      // without a bound ends the process.
      NODE_OPTIONS: "--max-old-space-size=256",
    });
    const seed = new Deliveries(service.url, { perSecond: 40 });
    await seed.untilAcknowledged(largeSessions, recoverySeconds);
    await seed.finish(recoverySeconds);
    await server.query(`UPDATE app.sessions SET chat_transcript = COMPRESS(REPEAT('x', ${transcriptBytes}))`);
    for (let round = 0; round < rounds; round += 1) report(await readSlowly(service, server));
  } finally {
    await service?.stop("SIGKILL");
    await server.stop();
  }
};

async function readSlowly(service: BuiltService, server: DatabaseServer): Promise<Outcome> {
  const followers = await follow(5, service.url);
  const deliveries = new Deliveries(service.url, { perSecond: 20 });
  await deliveries.untilAcknowledged(20, recoverySeconds);
  const memory = new Memory(service, 250);
  const abuse = unreadAnswers({ url: service.url, token: undefined }, unread);
  try {
    await delay(unread.holdMilliseconds);
    await abuse.stop();
    await deliveries.finish(recoverySeconds);
    const ids = deliveries.acknowledged.map(({ sessionId }) => sessionId);
    await untilComplete(followers, ids, recoverySeconds);
    const open = await untilLetGo(service, followers.length);
    await memory.stop();
    const found = await audit(server, deliveries.acknowledged);
    const start = Math.round(memory.samples[0]?.megabytes ?? Number.NaN);
    return {
      figures: {
        ...deliveryFigures(deliveries, found),
        "MB at start": start,
        "MB at most": memory.greatest,
        "MB at the end": memory.last,
        "subscriptions left": open - followers.length,
      },
      problems: [
        ...service.problems(),
        ...deliveries.problems(),
        ...(deliveries.refused > 0 ? [`${deliveries.refused} deliveries were not taken at once.`] : []),
        ...auditProblems(found),
        ...followers.flatMap((follower) => follower.problems(ids)),
        ...(memory.greatest - start > mostGrowthMegabytes
          ? [`Memory grew by ${memory.greatest - start} MB; at most ${mostGrowthMegabytes} MB are expected.`]
          : []),
        ...(open > followers.length ? [`${open - followers.length} subscriptions of nobody are left.`] : []),
      ],
    };
  } finally {
    for (const follower of followers) follower.leave();
    await abuse.stop();
    await memory.stop();
  }
}

/** Waits until only so many subscriptions are open. @returns how many there are */
async function untilLetGo(service: BuiltService, expected: number): Promise<number> {
  const deadline = Date.now() + recoverySeconds * 1_000;
  for (;;) {
    const open = await service.metric("graphql_subscriptions_open");
    if (open <= expected || Date.now() > deadline) return open;
    await delay(250);
  }
}
