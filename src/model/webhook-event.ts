import { ObjectType, registerEnumType } from "type-graphql";
import { Column, type Decimals, Property, type Row, Table } from "./declare.js";
import { ascii, bytes, code, hash, instant, integer, longText, receipt, text, uuid } from "./kinds.js";
import { Node } from "./node.js";
import { unpack } from "./packed.js";
import { notPersonal, personJson } from "./privacy.js";

/** What became of a delivery. The values are those of the column. */
export enum WebhookEventStatus {
  PROJECTED = "projected",
  IGNORED = "ignored",
  DEAD = "dead",
}

registerEnumType(WebhookEventStatus, {
  name: "WebhookEventStatus",
  description: "What became of a recorded delivery.",
  valuesConfig: {
    PROJECTED: { description: "Its content is stored in the sessions." },
    IGNORED: { description: "Its type is not known (yet). It is kept, and can be replayed." },
    DEAD: { description: "Its type is known, but its data cannot be stored. It can be replayed." },
  },
});

/**
 * Every authentic delivery, its bytes as they came, but for what erasures took out: the one thing that cannot
 * be had again.
 */
@Table({
  table: "webhook_events",
  indices: [
    { name: "ux_webhook_events_body_sha256", columns: ["bodySha256"], unique: true },
    { name: "ix_webhook_events_status", columns: ["status", "id"] },
    { name: "ix_webhook_events_session", columns: ["sessionId", "id"] },
  ],
})
@ObjectType({
  description: "A recorded delivery of a webhook: what was received, except what erasures removed.",
  implements: Node,
  simpleResolvers: true,
})
export class WebhookEvent extends Node {
  /** UUIDv7 given at receipt: rows cluster by time. */
  @Property(uuid, {
    description: "This service's id of it: a UUID. Ids are in the order of receipt.",
    privacy: notPersonal,
    primary: true,
  })
  override readonly id!: string;

  @Property(text(200), {
    description: "Whippy's id of the delivery (request_id). Null where it had none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly requestId!: string | null;

  @Property(text(100), {
    description: "The event of the envelope, such as conversation_agent_session.analyzed.",
    privacy: notPersonal,
  })
  readonly eventType!: string;

  @Property(text(50), {
    description: "The api_version of the envelope, such as v1. Null where it had none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly apiVersion!: string | null;

  @Property(code(WebhookEventStatus, "WebhookEventStatus", 16), {
    description: "What became of it: PROJECTED, IGNORED or DEAD.",
    privacy: notPersonal,
  })
  readonly status!: WebhookEventStatus;

  /** Fields and rules, never values. */
  @Property(longText, {
    description:
      "Why its status is DEAD: the fields, and the rules that they break. Null for every other status.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly error!: string | null;

  /** JSON: a list of fields and rules, never values. Null where nothing was left out. */
  @Property(longText, {
    description: "The odd fields that were left out, as JSON text. No value where there are none.",
    privacy: notPersonal,
    nullable: true,
    computed: true,
  })
  readonly notes!: string | null;

  @Property(receipt, { description: "When this service received it.", privacy: notPersonal })
  readonly receivedAt!: string;

  @Property(instant, {
    description: "When Whippy created the event (created_at of the envelope). Null where it had none.",
    privacy: notPersonal,
    nullable: true,
    column: "event_created_at",
  })
  readonly createdAt!: string | null;

  @Property(uuid, {
    description: "The organization that it belongs to. Null where it was not understood.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly organizationId!: string | null;

  @Property(uuid, {
    description: "The session that it is about. Null where it was not understood.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly sessionId!: string | null;

  @Property(ascii(32), {
    description:
      "The scheme of its verified signature, such as whippy or standard-webhooks. Null where none was " +
      "verified.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly signatureScheme!: string | null;

  @Property(integer, {
    description: "Which of WEBHOOK_SECRETS verified its signature, counted from 0. Null where none did.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly signatureKeyIndex!: number | null;

  @Property(integer, { description: "The size of the body in bytes.", privacy: notPersonal })
  readonly sizeBytes!: number;

  /** The body holds the request_id (if any), so equal hashes mean the same delivery again. */
  @Property(hash, {
    description: "SHA-256 of the body as received, before any erasure: 64 hexadecimal digits.",
    privacy: notPersonal,
  })
  readonly bodySha256!: string;

  /** Packed, see model/packed.ts. An erasure redacts or scrubs it: see events/redact.ts. */
  @Column(bytes, { privacy: personJson, column: "body" })
  readonly packedBody!: Buffer;
}

/** The values of the status column. */
export type WebhookEventStatusCode = `${WebhookEventStatus}`;

export type WebhookEventRow = Omit<Row<WebhookEvent>, "status"> &
  Decimals<"createdAt"> & { readonly status: WebhookEventStatusCode };

/** A row with its body as it was received, not as the column holds it. */
export type RawEvent = Omit<WebhookEventRow, "packedBody"> & { readonly body: Buffer };

export function toRawEvent({ packedBody, ...row }: WebhookEventRow): RawEvent {
  return { ...row, body: unpack(packedBody) };
}
