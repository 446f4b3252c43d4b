import { createHash } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { NotUnderstoodError, UnavailableError } from "../errors.js";
import type { Envelope } from "../events/envelope.js";
import { decimalsOf, now, toDatetime } from "../events/instant.js";
import { findEvent } from "../events/registry.js";
import type { SessionEventDefinition } from "../events/session-event.js";
import type { SessionSnapshot } from "../events/session-payload.js";
import type { Database, Transaction } from "./database.js";
import { isConnectionLost, isDuplicateKey } from "./dialect.js";
import { insertRows } from "./statements.js";
import {
  webhookEvents,
  type WebhookEventRow,
  type WebhookEventStatus,
} from "./tables/webhook-events.table.js";
import type { EventReceipt } from "./writers/event-receipt.js";
import type { FeedWriter } from "./writers/feed.writer.js";
import type { SessionWriter } from "./writers/session.writer.js";

/** An authentic delivery with a valid envelope. */
export interface Delivery {
  readonly body: Buffer;
  readonly envelope: Envelope;
  /** How its signature was verified; null where none was demanded. */
  readonly signature: { readonly scheme: string; readonly keyIndex: number } | null;
}

/** What became of a delivery, durably, once it is returned. */
export type Outcome =
  | {
      readonly status: "projected";
      readonly eventId: string;
      readonly sessionId: string;
      readonly changed: boolean;
    }
  | { readonly status: "duplicate" }
  | { readonly status: "ignored"; readonly eventId: string }
  | { readonly status: "dead"; readonly eventId: string; readonly error: NotUnderstoodError };

/** Records deliveries and projects their meaning, both in one transaction: all of it is stored, or nothing. */
export class EventLog {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionWriter,
    private readonly feed: FeedWriter,
  ) {}

  /** @throws UnavailableError where the database cannot store it now; then nothing of it is stored */
  async record(delivery: Delivery): Promise<Outcome> {
    const raw = toRow(delivery);
    try {
      return await this.project(raw, delivery.envelope);
    } catch (error) {
      if (isDuplicateKey(error)) return { status: "duplicate" };
      if (isConnectionLost(error)) throw new UnavailableError("The database cannot be reached.", error);
      throw error;
    }
  }

  private async project(raw: WebhookEventRow, envelope: Envelope): Promise<Outcome> {
    const definition = findEvent(envelope.event);
    if (definition === undefined) {
      await this.keepOnly(raw, "ignored");
      return { status: "ignored", eventId: raw.id };
    }
    try {
      const snapshot = definition.read(envelope);
      return await this.keepAndProject(raw, definition, snapshot);
    } catch (error) {
      if (!(error instanceof NotUnderstoodError)) throw error;
      await this.keepOnly(raw, "dead", error);
      return { status: "dead", eventId: raw.id, error };
    }
  }

  private async keepAndProject(
    raw: WebhookEventRow,
    definition: SessionEventDefinition,
    snapshot: SessionSnapshot,
  ): Promise<Outcome> {
    const receipt = receiptOf(raw, definition);
    const row = { ...raw, sessionId: snapshot.id, organizationId: snapshot.organizationId };
    const changed = await this.database.transaction(async (transaction) => {
      await insertRows(transaction, webhookEvents, [row]);
      return await this.write(transaction, snapshot, receipt);
    });
    this.sessions.revisions.remember(snapshot.revision);
    return { status: "projected", eventId: raw.id, sessionId: snapshot.id, changed };
  }

  private async write(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    receipt: EventReceipt,
  ): Promise<boolean> {
    const changed = await this.sessions.write(transaction, snapshot, receipt);
    if (changed) await this.feed.append(transaction, snapshot, receipt);
    return changed;
  }

  private async keepOnly(
    raw: WebhookEventRow,
    status: WebhookEventStatus,
    error?: NotUnderstoodError,
  ): Promise<void> {
    const reason = error?.fields.map(({ field, rule }) => `${field}: ${rule}`).join("; ") ?? null;
    await this.database.transaction((transaction) =>
      insertRows(transaction, webhookEvents, [{ ...raw, status, error: reason }]),
    );
  }
}

function toRow({ body, envelope, signature }: Delivery): WebhookEventRow {
  return {
    id: uuidv7(),
    requestId: envelope.requestId,
    eventType: envelope.event,
    apiVersion: envelope.apiVersion ?? null,
    eventCreatedAt: envelope.createdAt === undefined ? null : toDatetime(envelope.createdAt),
    eventCreatedAtDecimals: envelope.createdAt === undefined ? null : decimalsOf(envelope.createdAt),
    receivedAt: toDatetime(now()),
    status: "projected",
    error: null,
    organizationId: null,
    sessionId: null,
    bodySha256: createHash("sha256").update(body).digest("hex"),
    signatureScheme: signature?.scheme ?? null,
    signatureKeyIndex: signature?.keyIndex ?? null,
    body,
  };
}

function receiptOf(raw: WebhookEventRow, definition: SessionEventDefinition): EventReceipt {
  return {
    id: raw.id,
    definition,
    receivedAt: raw.receivedAt,
    createdAt: raw.eventCreatedAt,
    createdAtDecimals: raw.eventCreatedAtDecimals,
  };
}
