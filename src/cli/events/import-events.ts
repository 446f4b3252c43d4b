import { BadInputError, UnavailableError } from "../../errors.js";
import { parseEnvelope } from "../../events/envelope.js";
import type { EventLog, Outcome } from "../../store/event-log.js";
import type { WebhookEventReader } from "../../store/readers/webhook-event.reader.js";
import { lineReceipt, type Receipt } from "../../store/receipt.js";
import type { CheckpointFile } from "./checkpoint.js";
import type { Line } from "./read-lines.js";
import { type ImportedLine, readReceiptLine } from "./receipt-line.js";

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
  readonly reader: Pick<WebhookEventReader, "hasBody" | "count">;
  readonly longestBody: number;
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
 * run again. An exported line keeps its receipt; of others the order of lines is the order of receipt,
 * although several are stored at once: a line's receipt is made of its number.
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
  const stored = await Promise.all(batch.map((line) => storeLine(line, parts)));
  for (const [index, { fate, reason }] of stored.entries()) {
    if (fate !== "blank") summary[fate] += 1;
    if (reason !== undefined) parts.onBadLine(batch[index]?.number ?? 0, reason);
  }
  const [first] = batch;
  const last = batch.at(-1);
  if (first === undefined || last === undefined) return;
  parts.onProgress(last.end);
  const known = batch.find((_line, index) => isStored(stored[index]?.fate));
  if (known?.bytes === undefined) return;
  const { start, end } = known;
  const { bodySha256 } = readReceiptLine(known.bytes);
  await parts.checkpoint?.write({
    begun: parts.begun,
    line: first.number - 1,
    offset: first.start,
    proof: { start, end, bodySha256 },
  });
}

type LineFate = keyof ImportSummary | "blank";

/** What became of a line, and why it is bad. */
interface StoredLine {
  readonly fate: LineFate;
  readonly reason?: string;
}

const isStored = (fate: LineFate | undefined) => fate !== "bad" && fate !== "blank";

async function storeLine({ number, bytes }: Line, parts: ImportParts): Promise<StoredLine> {
  if (bytes?.every((byte) => byte <= 0x20) === true) return { fate: "blank" };
  try {
    const line = bytes && readReceiptLine(bytes);
    if (line === undefined || line.body.length > parts.longestBody)
      throw new BadInputError("The line is too long.", [
        { field: "body", rule: "is longer than WEBHOOK_MAX_BYTES" },
      ]);
    const outcome = await record(line, number, parts);
    return { fate: outcome.status === "projected" && !outcome.changed ? "unchanged" : outcome.status };
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    return { fate: "bad", reason: error.fields.map(({ field, rule }) => `${field} ${rule}`).join("; ") };
  }
}

/** @throws BadInputError where another event has the line's receipt: then it is not the database's trouble */
async function record(line: ImportedLine, number: number, parts: ImportParts): Promise<Outcome> {
  const { events, reader } = parts;
  const envelope = parseEnvelope(line.body);
  const receipt = await receiptFor(line, number, parts);
  try {
    return await events.record({ ...line, envelope, receipt });
  } catch (error) {
    const { id } = receipt;
    const isTaken =
      error instanceof UnavailableError &&
      (await reader.count({ id })) > 0 &&
      !(await reader.hasBody(line.bodySha256));
    if (!isTaken) throw error;
    throw new BadInputError("The receipt is another event's.", [
      { field: "_receipt.id", rule: "is another event's" },
    ]);
  }
}

/** A line that is stored already must be known by its hash, and not by an id that it has given away. */
async function receiptFor(
  { receipt, bodySha256 }: ImportedLine,
  number: number,
  { begun, reader }: ImportParts,
): Promise<Receipt> {
  return receipt === undefined || (await reader.hasBody(bodySha256)) ? lineReceipt(begun, number) : receipt;
}
