import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type Abuse, headersOf, pause, repeat, type Target } from "./abuse.js";
import { begin, openSocket } from "./socket.js";

const largeQuery = "{ sessions(first: 200) { nodes { id chatTranscript messages { nodes { id body } } } } }";
const largeEvents = "subscription { sessionAnalyzed { cursor session { id chatTranscript } } }";

/** How many of each kind ask and never read, and for how long. */
export interface Unread {
  readonly socketQueries: number;
  readonly httpRequests: number;
  readonly streams: number;
  readonly subscribers: number;
  readonly holdMilliseconds: number;
}

/**
 * Asks for large answers on all ways, and takes nothing of them from the socket. Then leaves, and begins
 * again.
 */
export function unreadAnswers(target: Target, unread: Unread): Abuse {
  return repeat("answers that nobody reads", async (stopped) => {
    const ends = await Promise.all([
      ...(unread.socketQueries > 0 ? [sleepOnSocket(target, largeQuery, unread.socketQueries)] : []),
      ...Array.from({ length: unread.subscribers }, () => sleepOnSocket(target, largeEvents, 1)),
      ...Array.from({ length: unread.httpRequests }, () => sleepOnRequest(target, "/graphql", largeQuery)),
      ...Array.from({ length: unread.streams }, (_, index) =>
        sleepOnRequest(target, "/graphql/stream", index % 2 === 0 ? largeQuery : largeEvents),
      ),
    ]);
    await pause(unread.holdMilliseconds, stopped);
    for (const end of ends) end();
  });
}

type End = () => void;

async function sleepOnSocket(target: Target, query: string, operations: number): Promise<End> {
  const socket = await openSocket(target);
  socket.pause();
  for (let index = 0; index < operations; index += 1) begin(socket, String(index), query);
  return () => {
    socket.terminate();
  };
}

async function sleepOnRequest(target: Target, path: string, query: string): Promise<End> {
  const asked = request(`${target.url}${path}`, {
    method: "POST",
    headers: { ...headersOf(target), Accept: path === "/graphql" ? "application/json" : "text/event-stream" },
    agent: false,
  });
  asked.on("error", () => undefined);
  // What has come with the headers stays in the response, and nothing more is read.
  asked.on("response", (response: IncomingMessage) => response.on("error", () => undefined).pause());
  asked.end(JSON.stringify({ query }));
  await once(asked, "finish");
  return () => {
    asked.destroy();
  };
}
