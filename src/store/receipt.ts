import { v7 as uuidv7 } from "uuid";
import { toDatetime } from "../model/instant.js";

/** When a raw event was received, and its place in the order of receipt. */
export interface Receipt {
  /** UUIDv7: comparing two ids compares their order of receipt. */
  readonly id: string;
  /**
   * The id's own instant, as DATETIME(6) text, so that the two never disagree, even where the clock is set
   * back.
   */
  readonly receivedAt: string;
}

/** The receipt of what arrives now: after all that this process has received before. */
export function newReceipt(): Receipt {
  return receiptOf(uuidv7());
}

/**
 * The receipt of a file's line: lines are received in their order, all at the instant (in milliseconds) at
 * which the import began.
 */
export function lineReceipt(begun: number, line: number): Receipt {
  return receiptOf(uuidv7({ msecs: begun, seq: line }));
}

/** The receipt of what was received before, under this id. */
export function receiptOf(id: string): Receipt {
  return { id, receivedAt: toDatetime(new Date(receiptMilliseconds(id)).toISOString()) };
}

/**
 * The instant in a raw event's id, in milliseconds since 1970; NaN of the id of an expectation, which is no
 * raw event's.
 */
export function receiptMilliseconds(id: string): number {
  return id[14] !== "7" ? Number.NaN : Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
