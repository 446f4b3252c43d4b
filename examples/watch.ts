import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { WebSocket } from "ws";
import { watchWithApolloClient } from "./clients/apollo-client.js";
import type { CursorStore } from "./clients/resume.js";
import { watchWithUrql } from "./clients/urql.js";

/**
 * Prints each session as it is analyzed. The last cursor is kept in a file: stop the program, let sessions
 * arrive, start it again, and it prints what it missed.
 *
 *     npx tsx examples/watch.ts apollo-client|urql [ws://127.0.0.1:4000/graphql] [cursor file]
 */
const [client = "apollo-client", url = "ws://127.0.0.1:4000/graphql", file = ".cursor"] =
  process.argv.slice(2);

// Apollo Client's link asks the global one for its constants. Browsers and Node 22 have it.
Object.assign(globalThis, { WebSocket });

const store: CursorStore = {
  read: () => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return null;
    }
  },
  write: (cursor) => {
    // Stopped in the middle of it, the program would leave an empty file.
    writeFileSync(`${file}.new`, cursor);
    renameSync(`${file}.new`, file);
  },
};

const watch = client === "urql" ? watchWithUrql : watchWithApolloClient;
watch({
  url,
  store,
  webSocketImpl: WebSocket,
  onEvent: ({ session }) => {
    console.log(`${session.id} ${session.userSentiment ?? "-"} ${session.chatSummary ?? ""}`);
  },
  onExpired: () => {
    console.log("The cursor has expired: query the sessions anew.");
  },
});
console.log(`watching ${url}`);
