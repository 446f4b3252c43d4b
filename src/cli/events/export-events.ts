import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RawEventSelection, WebhookEventReader } from "../../store/readers/webhook-event.reader.js";
import { receiptLine } from "./receipt-line.js";

/**
 * Writes raw events, one a line, in the order of receipt, as fast as they are taken. A file appears under its
 * name when all of it is there and on the disk; it is its owner's alone, for it holds what people said.
 * @param file `-` is stdout
 * @returns how many
 */
export async function exportEvents(
  file: string,
  selection: RawEventSelection,
  {
    reader,
    signal,
    onProgress,
  }: {
    readonly reader: WebhookEventReader;
    readonly signal: AbortSignal;
    readonly onProgress: (done: number) => void;
  },
): Promise<number> {
  let count = 0;
  const lines = async function* () {
    for await (const event of reader.inOrder(selection)) {
      yield receiptLine(event);
      count += 1;
      onProgress(count);
    }
  };
  if (file === "-") {
    await pipeline(Readable.from(lines()), process.stdout, { signal, end: false });
    return count;
  }
  const unfinished = `${file}.unfinished`;
  try {
    const target = createWriteStream(unfinished, { mode: 0o600, flush: true });
    await pipeline(Readable.from(lines()), target, { signal });
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return count;
}
