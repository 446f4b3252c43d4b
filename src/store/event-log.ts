import { hash } from "node:crypto";
import { type FieldError, NotUnderstoodError, ServiceError, UnavailableError } from "../errors.js";
import { type Envelope, parseEnvelope } from "../events/envelope.js";
import { decimalsOf, toDatetime } from "../model/instant.js";
import { findEvent, type RegisteredEvent } from "../events/registry.js";
import type { SessionSnapshot } from "../events/session-payload.js";
import type { Database } from "./database.js";
import type { Transaction } from "./sql/transaction.js";
import { errorCode, isDataFault, isKnownDelivery } from "./database-errors.js";
import type { ErasureList } from "./erasure/erasure-list.js";
import { flushCommits, flushWith } from "./flush.js";
import { pack } from "../model/packed.js";
import { newReceipt, type Receipt } from "./receipt.js";
import { SharedTransactions } from "./shared-transactions.js";
import { insertRowsLater, selectList, updateRow } from "./sql/statements.js";
import { type RawEvent, toRawEvent, type WebhookEventRow } from "../model/webhook-event.js";
import { webhookEvents } from "./sql/tables.js";
import type { EventReceipt } from "./writers/event-receipt.js";
import type { Assignment, FeedAppender } from "./writers/feed.writer.js";
import type { Tracing } from "../tracing/tracing.js";
import type { SessionWriter } from "./writers/session.writer.js";

/** An authentic delivery with a valid envelope. */
export interface Delivery {
  readonly body: Buffer;
  readonly envelope: Envelope;
  /** How its signature was verified; null where none was demanded. */
  readonly signature: { readonly scheme: string; readonly keyIndex: number } | null;
  /** Its place in the order of receipt; where absent, the moment of the call to {@link EventLog.record}. */
  readonly receipt?: Receipt;
  /** The hash of what was received, where the body has been redacted since. */
  readonly bodySha256?: string;
}

/** What an event that is recorded has come to. */
export type Fate = {
  readonly eventId: string;
  /** What of it is odd and was left out. */
  readonly notes: readonly FieldError[];
} & (
  | {
      readonly status: "projected";
      readonly sessionId: string;
      readonly organizationId: string;
      readonly changed: boolean;
      /** The places in the feed that were given with it, where that was so. */
      readonly assignment: Assignment | undefined;
    }
  | { readonly status: "ignored" }
  | { readonly status: "dead"; readonly error: NotUnderstoodError }
);

/** What became of a delivery, durably, once it is returned. */
export type Outcome = Fate | { readonly status: "duplicate" };

/** What a raw event's row says of its fate. */
type FateColumns = Pick<WebhookEventRow, "status" | "error" | "notes" | "organizationId" | "sessionId">;

/** What a delivery's row says of it, apart from what is kept of its body. */
type ReceivedColumns = Omit<RawEvent, "body" | "sizeBytes">;

/** Writes the raw event with its fate, within the transaction that projects it. */
type Keep = (transaction: Transaction, fate: FateColumns) => Promise<void>;

/**
 * Records deliveries and projects their meaning, both in one transaction: all of it is stored, or nothing.
 */
export class EventLog {
  private readonly shared: SharedTransactions;

  /** @param mostAtOnce transactions of projections that run at once, where several share one */
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionWriter,
    private readonly feed: FeedAppender,
    private readonly erasures: ErasureList,
    mostAtOnce = 1,
    private readonly tracing?: Tracing,
  ) {
    this.shared = new SharedTransactions(database, mostAtOnce);
  }

  /**
   * Records a delivery, once: the same bytes again are a duplicate and change nothing, unless they had no
   * effect so far. Then they are tried again.
   * @throws UnavailableError where the database cannot store it now; then it may be delivered again
   */
  async record(delivery: Delivery): Promise<Outcome> {
    // Before anything is waited for: the order of calls is the order of receipt.
    const received = toRow(delivery);
    // What came is known again by its hash, also where less of it is kept.
    const { body, envelope } = await this.erasures.redact(delivery);
    const row = { ...received, sizeBytes: body.length, packedBody: await pack(body) };
    try {
      return await this.settle(
        { ...received, sizeBytes: body.length, body },
        envelope,
        async (transaction, fate) => {
          await insertRowsLater(transaction, webhookEvents, [{ ...row, ...fate }]);
        },
      );
    } catch (error) {
      if (!isKnownDelivery(error)) throw error;
      return await this.recordAgain(row.bodySha256);
    }
  }

  private async recordAgain(bodySha256: string): Promise<Outcome> {
    // The first copy may have been committed just now, and be lost yet.
    const untold = await this.database.transaction(async (transaction) => {
      await flushWith(transaction);
      return await findUntold(transaction, bodySha256);
    });
    if (untold === undefined) return { status: "duplicate" };
    const fate = await this.replay(untold);
    // Another copy may have done it just now, and left nothing to commit here.
    await flushCommits(this.database);
    return fate;
  }

  /**
   * Projects a recorded event again, under its own receipt: where its meaning is in the tables already,
   * nothing changes and nothing is announced; a dead letter that is understood by now becomes projected. Who
   * was erased since it was read is left out.
   * @throws UnavailableError where the database cannot store it now
   */
  async replay(raw: RawEvent): Promise<Fate> {
    const { envelope } = await this.erasures.redact({ body: raw.body, envelope: parseEnvelope(raw.body) });
    return await this.settle(raw, envelope, async (transaction, fate) => {
      const isSame = (Object.keys(fate) as (keyof FateColumns)[]).every((name) => fate[name] === raw[name]);
      if (isSame) return;
      // Another copy may have been projected meanwhile: that stays.
      const key = fate.status === "dead" ? { id: raw.id, status: raw.status } : { id: raw.id };
      await updateRow(transaction, webhookEvents, key, fate);
    });
  }

  /**
   * An event whose data is understood but cannot be stored is kept as dead too: answered with an error, it
   * would be lost.
   */
  private async settle(raw: RawEvent, envelope: Envelope, keep: Keep): Promise<Fate> {
    const definition = findEvent(envelope.event);
    const { notes } = envelope;
    if (definition === undefined) {
      const fate = { ...noFate, notes: toColumn(notes), status: "ignored" as const };
      await this.database.transaction((transaction) => keep(transaction, fate));
      return { status: "ignored", eventId: raw.id, notes };
    }
    try {
      return await this.project(raw, definition, definition.read(envelope), keep);
    } catch (error) {
      const reason = reasonOfDeath(error);
      await this.keepDead(reason, notes, keep);
      return { status: "dead", eventId: raw.id, notes, error: reason };
    }
  }

  private async project(
    raw: RawEvent,
    definition: RegisteredEvent,
    snapshot: SessionSnapshot,
    keep: Keep,
  ): Promise<Fate> {
    const receipt = receiptOf(raw, definition);
    const { id: sessionId, organizationId, notes } = snapshot;
    const fate = {
      status: "projected" as const,
      error: null,
      notes: toColumn(notes),
      organizationId,
      sessionId,
    };
    const isShort = raw.sizeBytes <= longestShared;
    const touches = [sessionId, ...snapshot.messages.map(({ id }) => id)];
    const change = await this.inTransaction(isShort ? touches : undefined, async (transaction) => {
      await keep(transaction, fate);
      if (!(await this.sessions.write(transaction, snapshot, receipt))) return unchanged;
      await this.feed.append(transaction, snapshot, receipt);
      const isAlone = isShort && this.isAlone(transaction);
      const assignment = isAlone ? await this.feed.assignWithin(transaction) : undefined;
      return { changed: true, assignment };
    });
    this.sessions.revisions.remember(snapshot.revision);
    return { status: "projected", eventId: raw.id, notes, sessionId, organizationId, ...change };
  }

  /**
   * Whether no other event that may share a transaction is at work here, which the lock on the feed's head
   * would hold up. Nodes of a cluster have no such lock: there whoever writes the same row last fails at
   * COMMIT.
   */
  private isAlone(transaction: Transaction): boolean {
    return this.database.cluster === undefined && !transaction.isShared && this.shared.pieces === 1;
  }

  /** @param touches what it touches, where it may share a transaction with other events */
  private async inTransaction<Result>(
    touches: readonly string[] | undefined,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    const run = (bound: typeof work) =>
      touches === undefined ? this.database.transaction(bound) : this.shared.run(touches, bound);
    const { tracing } = this;
    if (tracing === undefined) return await run(work);
    // One that is shared is run by whoever comes first.
    return await tracing.span({ name: "transaction" }, () => run(tracing.bind(work)));
  }

  private async keepDead(
    reason: NotUnderstoodError,
    notes: readonly FieldError[],
    keep: Keep,
  ): Promise<void> {
    const error = reason.fields.map(({ field, rule }) => `${field}: ${rule}`).join("; ");
    const fate = { ...noFate, notes: toColumn(notes), status: "dead" as const, error };
    try {
      await this.database.transaction((transaction) => keep(transaction, fate));
    } catch (failure) {
      if (isKnownDelivery(failure) || failure instanceof ServiceError) throw failure;
      throw new UnavailableError("The database cannot store this now.", failure);
    }
  }
}

/** Larger events would hold up those that share their transaction. */
const longestShared = 64 * 1024;

const unchanged = { changed: false, assignment: undefined };

const noFate = { error: null, notes: null, organizationId: null, sessionId: null };

function toColumn(notes: readonly FieldError[]): string | null {
  return notes.length === 0 ? null : JSON.stringify(notes);
}

/**
 * The recorded event with this hash, if it had no effect and may have one now: it is dead, or its type is
 * understood by now.
 * @throws UnavailableError where it is not there (any more): nobody may be told that it is stored
 */
async function findUntold(transaction: Transaction, bodySha256: string): Promise<RawEvent | undefined> {
  const select = (properties: readonly (keyof WebhookEventRow)[]) =>
    `SELECT ${selectList(webhookEvents, "e", properties)} FROM webhook_events e WHERE e.body_sha256 = ?`;
  const [known] = await transaction.query<Pick<WebhookEventRow, "status" | "eventType">>(
    select(["status", "eventType"]),
    [bodySha256],
  );
  // A failover lost it, or it was deleted by its age.
  if (known === undefined) throw new UnavailableError("The database has lost this event; deliver it again.");
  const isUntold =
    known.status === "dead" || (known.status === "ignored" && findEvent(known.eventType) !== undefined);
  if (!isUntold) return undefined;
  const [row] = await transaction.query<WebhookEventRow>(select(webhookEvents.properties), [bodySha256]);
  return row && toRawEvent(row);
}

/**
 * Why an event becomes a dead letter: its data is at fault, or our own code, which fails at it again and
 * again.
 * @throws the error itself, where it says nothing of the event: that it is recorded already, or that the
 * database is unavailable
 */
function reasonOfDeath(error: unknown): NotUnderstoodError {
  if (error instanceof NotUnderstoodError) return error;
  if (isKnownDelivery(error) || error instanceof ServiceError) throw error;
  const rule = `could not be ${isDataFault(error) ? "stored" : "projected"} (${errorCode(error)})`;
  const field = { field: "data", rule };
  return new NotUnderstoodError([field], { cause: error, logLevel: "error" });
}

function toRow({
  body,
  envelope,
  signature,
  receipt = newReceipt(),
  bodySha256 = hash("sha256", body),
}: Delivery): ReceivedColumns {
  return {
    ...receipt,
    requestId: envelope.requestId ?? null,
    eventType: envelope.event,
    apiVersion: envelope.apiVersion ?? null,
    createdAt: envelope.createdAt === undefined ? null : toDatetime(envelope.createdAt),
    createdAtDecimals: envelope.createdAt === undefined ? null : decimalsOf(envelope.createdAt),
    ...noFate,
    status: "projected",
    bodySha256,
    signatureScheme: signature?.scheme ?? null,
    signatureKeyIndex: signature?.keyIndex ?? null,
  };
}

function receiptOf(raw: RawEvent, definition: RegisteredEvent): EventReceipt {
  return {
    id: raw.id,
    definition,
    receivedAt: raw.receivedAt,
    createdAt: raw.createdAt,
    createdAtDecimals: raw.createdAtDecimals,
  };
}
