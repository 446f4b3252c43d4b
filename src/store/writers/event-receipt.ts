import type { EventOrder } from "../../events/merge.js";
import type { RegisteredEvent } from "../../events/registry.js";

/**
 * A recorded event on its way into the tables: which one, and when it came. Replay makes the same receipt
 * from the raw event.
 */
export interface EventReceipt {
  /** The raw event's id (UUIDv7). */
  readonly id: string;
  readonly definition: RegisteredEvent;
  /** DATETIME(6) text. */
  readonly receivedAt: string;
  /** The envelope's created_at as DATETIME(6) text and the decimals it came with; null where it had none. */
  readonly createdAt: string | null;
  readonly createdAtDecimals: number | null;
}

export function orderOf(receipt: EventReceipt): EventOrder {
  const { definition, createdAt, receivedAt, id } = receipt;
  return { precedence: definition.precedence, at: createdAt ?? receivedAt, id };
}
