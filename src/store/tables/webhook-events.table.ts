import { defineTable } from "../table.js";

/** projected: its meaning is in the tables. ignored: a type that is not understood (yet). dead: understood type, data not understood. */
export type WebhookEventStatus = "projected" | "ignored" | "dead";

/** Every authentic delivery, its bytes as they came, but for what erasures took out: the one thing that cannot be had again. */
export interface WebhookEventRow {
  /** UUIDv7 given at receipt: rows cluster by time, and its order is the order of receipt. */
  id: string;
  /** Null where the envelope names none, or an odd one. */
  requestId: string | null;
  eventType: string;
  apiVersion: string | null;
  /** The envelope's created_at as DATETIME(6), and the decimals it came with. */
  eventCreatedAt: string | null;
  eventCreatedAtDecimals: number | null;
  receivedAt: string;
  status: WebhookEventStatus;
  /** Why the event is dead: fields and rules, never values. */
  error: string | null;
  /** What of it is odd and was left out: a JSON list of fields and rules, never values. Null where nothing was. */
  notes: string | null;
  organizationId: string | null;
  sessionId: string | null;
  /** SHA-256 of the body as it came, whatever erasures took out. The body holds the request_id (if any), so equal hashes mean the same delivery again. */
  bodySha256: string;
  /** Which scheme the signature was verified under; null where none was demanded. */
  signatureScheme: string | null;
  /** Which of WEBHOOK_SECRETS verified it, from 0. */
  signatureKeyIndex: number | null;
  body: Buffer;
}

export const webhookEvents = defineTable<WebhookEventRow>({
  name: "webhook_events",
  columns: (types) => ({
    id: types.uuid({ primary: true }),
    requestId: types.text(200, { nullable: true }),
    eventType: types.text(100),
    apiVersion: types.text(50, { nullable: true }),
    eventCreatedAt: types.instant({ nullable: true }),
    eventCreatedAtDecimals: types.integer({ nullable: true }),
    receivedAt: types.instant(),
    status: types.ascii(16),
    error: types.longText({ nullable: true }),
    notes: types.longText({ nullable: true }),
    organizationId: types.uuid({ nullable: true }),
    sessionId: types.uuid({ nullable: true }),
    bodySha256: types.hash(),
    signatureScheme: types.ascii(32, { nullable: true }),
    signatureKeyIndex: types.integer({ nullable: true }),
    body: types.bytes(),
  }),
  indices: [
    { name: "ux_webhook_events_body_sha256", columns: ["bodySha256"], unique: true },
    { name: "ix_webhook_events_status", columns: ["status", "id"] },
    { name: "ix_webhook_events_session", columns: ["sessionId", "id"] },
  ],
});

/** All properties of a raw event. */
export const webhookEventProperties: readonly (keyof WebhookEventRow)[] = [
  "id",
  "requestId",
  "eventType",
  "apiVersion",
  "eventCreatedAt",
  "eventCreatedAtDecimals",
  "receivedAt",
  "status",
  "error",
  "notes",
  "organizationId",
  "sessionId",
  "bodySha256",
  "signatureScheme",
  "signatureKeyIndex",
  "body",
];
