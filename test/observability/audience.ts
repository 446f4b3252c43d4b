import { setTimeout as delay } from "node:timers/promises";
import { rawSocket } from "../support/callers.js";
import type { TestService } from "../support/service.js";

const query = "subscription Live { sessionAnalyzed { cursor session { id status } } }";

/** Clients that ask, subscribe and err, until they leave, with the answer to what they asked last. */
export async function openAudience(service: TestService): Promise<{ leave(): Promise<void> }> {
  const gone = new AbortController();
  const socket = await rawSocket(service);
  socket.send({ type: "connection_init", payload: { "apollographql-client-name": "board" } });
  await delay(500);
  socket.send({ type: "subscribe", id: "1", payload: { query } });
  const parameters = new URLSearchParams({ query }).toString();
  const draining = drain(`${service.url}/graphql/stream?${parameters}`, gone.signal);
  const asking = ask(service, gone.signal);
  return {
    leave: async () => {
      socket.socket.close();
      gone.abort();
      await Promise.all([draining, asking]);
    },
  };
}

async function drain(url: string, signal: AbortSignal): Promise<void> {
  try {
    await (await fetch(url, { signal })).text();
  } catch {
    // The stream ends with the audience.
  }
}

async function ask(service: TestService, signal: AbortSignal): Promise<void> {
  const header = { "apollographql-client-name": "dashboard" };
  for (let round = 0; !signal.aborted; round += 1) {
    await service.query("query Newest { sessions(first: 5) { nodes { id chatSummary } } }", {}, header);
    await service.query("query Wrong { nothing }", {}, header);
    await service.post(
      JSON.stringify({ event: "conversation_agent_session.ended", data: { id: `none ${round}` } }),
    );
    // One that is refused: it is larger than it may be.
    await service.post("x".repeat(200_000)).catch(() => undefined);
    await delay(200);
  }
}
