import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { createClient, type CursorStore, sessionEventsSubscription } from "conversation-agent-client";

/**
 * Follows all events of sessions into a file, a line each, once each and in order, also when it is killed
 * with kill -9: the cursor stands in the line itself, so an event and its cursor are stored together or not
 * at all.
 *
 *     npx tsx examples/events-to-file.ts [file] [http://127.0.0.1:4000/graphql]
 */
const [file = "events.ndjson", url = "http://127.0.0.1:4000/graphql"] = process.argv.slice(2);

/** The cursor of the last whole line; what was cut off after it is removed. */
function lastCursor(): string | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  truncateSync(file, Buffer.byteLength(whole));
  const line = whole.trimEnd().split("\n").at(-1) ?? "";
  return line === "" ? null : (JSON.parse(line) as Line).cursor;
}

interface Line {
  readonly cursor: string;
}

let last = lastCursor();
const output = openSync(file, "a");
function append(line: Line): void {
  writeSync(output, `${JSON.stringify(line)}\n`);
  fsyncSync(output);
  last = line.cursor;
}

const key = process.env.API_KEY;
const client = createClient({ url, transport: "event-stream", ...(key !== undefined && { token: key }) });
process.once("SIGTERM", () => {
  client.close();
});
const store: CursorStore = {
  read: () => last,
  // Where it begins is kept too: nothing is missed if it is killed before the first event.
  write: (cursor) => {
    if (cursor !== last) append({ cursor });
  },
};
console.log(`following ${url} into ${file}`);
for await (const { sessionEvents } of client.live(sessionEventsSubscription, {}, { store }))
  append(sessionEvents);
closeSync(output);
