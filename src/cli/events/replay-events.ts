import type { EventLog } from "../../store/event-log.js";
import type { RawEventSelection, WebhookEventReader } from "../../store/readers/webhook-event.reader.js";

/** What a replay came to. */
export interface ReplaySummary {
  /** Events whose meaning was not in the tables yet, or not whole. */
  changed: number;
  /** Events whose meaning was in the tables already. */
  unchanged: number;
  ignored: number;
  dead: number;
}

/**
 * Projects recorded events again, in order of receipt, through the same code as the webhook. Idempotent.
 * @throws UnavailableError where the database cannot store it now; replaying again goes on where it matters
 */
export async function replayEvents(
  selection: RawEventSelection,
  parts: {
    readonly reader: WebhookEventReader;
    readonly events: EventLog;
    readonly signal: AbortSignal;
    readonly onProgress: (done: number) => void;
  },
): Promise<ReplaySummary> {
  const summary = { changed: 0, unchanged: 0, ignored: 0, dead: 0 };
  let done = 0;
  for await (const raw of parts.reader.inOrder(selection)) {
    if (parts.signal.aborted) break;
    const fate = await parts.events.replay(raw);
    summary[fate.status === "projected" ? (fate.changed ? "changed" : "unchanged") : fate.status] += 1;
    done += 1;
    parts.onProgress(done);
  }
  return summary;
}
