import { createHash } from "node:crypto";
import { BadInputError } from "../../errors.js";
import { parseEnvelope } from "../../events/envelope.js";
import type { EventLog } from "../../store/event-log.js";
import { lineReceipt } from "../../store/receipt.js";
import type { CheckpointFile } from "./checkpoint.js";
import type { Line } from "./read-lines.js";

/** What an import came to. */
export interface ImportSummary {
  projected: number;
  unchanged: number;
  duplicate: number;
  ignored: number;
  dead: number;
  /** Lines that are no envelope; nothing of them was stored. */
  bad: number;
}

export interface ImportParts {
  readonly events: EventLog;
  readonly checkpoint: CheckpointFile | undefined;
  /** When the import began, before any interruption, in milliseconds. */
  readonly begun: number;
  /** Ends the import after the lines under way. */
  readonly signal: AbortSignal;
  readonly onBadLine: (number: number, reason: string) => void;
  readonly onProgress: (bytes: number) => void;
}

/** Lines stored at once; each has at the most some megabytes. */
const linesAtOnce = 16;
/** Bytes of lines held at once, beyond the one that passes the bound. */
const bytesAtOnce = 8 * 1024 * 1024;

/**
 * Stores envelopes, one a line, through the same code as the webhook does (they carry no signature).
 * Idempotent: a line that is stored already is a duplicate, so an import that was interrupted may simply be
 * run again. The order of lines is the order of receipt, although several are stored at once: a line's
 * receipt is made of its number.
 * @throws UnavailableError where the database cannot store them now; the checkpoint says how far it came
 */
export async function importEvents(lines: AsyncIterable<Line>, parts: ImportParts): Promise<ImportSummary> {
  const summary = { projected: 0, unchanged: 0, duplicate: 0, ignored: 0, dead: 0, bad: 0 };
  let batch: Line[] = [];
  let bytes = 0;
  const flush = async () => {
    await storeBatch(batch, summary, parts);
    batch = [];
    bytes = 0;
  };
  for await (const line of lines) {
    if (parts.signal.aborted) return summary;
    batch.push(line);
    bytes += line.bytes?.length ?? 0;
    if (batch.length === linesAtOnce || bytes >= bytesAtOnce) await flush();
  }
  await flush();
  return summary;
}

async function storeBatch(batch: readonly Line[], summary: ImportSummary, parts: ImportParts): Promise<void> {
  const fates = await Promise.all(batch.map((line) => storeLine(line, parts)));
  for (const fate of fates) if (fate !== "blank") summary[fate] += 1;
  const [first] = batch;
  const last = batch.at(-1);
  if (first === undefined || last === undefined) return;
  parts.onProgress(last.end);
  const stored = batch.find((_line, index) => isStored(fates[index]));
  if (stored?.bytes === undefined) return;
  const { start, end } = stored;
  const bodySha256 = createHash("sha256").update(stored.bytes).digest("hex");
  await parts.checkpoint?.write({
    begun: parts.begun,
    line: first.number - 1,
    offset: first.start,
    proof: { start, end, bodySha256 },
  });
}

type LineFate = keyof ImportSummary | "blank";

const isStored = (fate: LineFate | undefined) => fate !== "bad" && fate !== "blank";

async function storeLine(
  { number, bytes }: Line,
  { events, begun, onBadLine }: ImportParts,
): Promise<LineFate> {
  if (bytes === undefined) {
    onBadLine(number, "longer than WEBHOOK_MAX_BYTES");
    return "bad";
  }
  if (bytes.every((byte) => byte <= 0x20)) return "blank";
  try {
    const outcome = await events.record({
      body: bytes,
      envelope: parseEnvelope(bytes),
      signature: null,
      receipt: lineReceipt(begun, number),
    });
    return outcome.status === "projected" && !outcome.changed ? "unchanged" : outcome.status;
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    onBadLine(number, error.fields.map(({ field, rule }) => `${field} ${rule}`).join("; "));
    return "bad";
  }
}
