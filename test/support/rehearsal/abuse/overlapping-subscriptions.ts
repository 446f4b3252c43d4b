import { type Abuse, pause, repeat, type Target } from "./abuse.js";
import { begin, openSocket } from "./socket.js";

const query = "subscription { sessionAnalyzed { cursor } }";

/** `subscribe 1`, `complete 1`, `subscribe 1` in one go, again and again, and then goes away. */
export function overlappingSubscriptions(target: Target): Abuse {
  return repeat("subscriptions of one id, overlapping", async (stopped) => {
    const socket = await openSocket(target);
    for (let round = 0; round < 20 && !stopped.aborted; round += 1) {
      begin(socket, "1", query);
      socket.send(JSON.stringify({ id: "1", type: "complete" }));
      begin(socket, "1", query);
      socket.send(JSON.stringify({ id: "1", type: "complete" }));
      await pause(50, stopped);
    }
    socket.terminate();
  });
}
