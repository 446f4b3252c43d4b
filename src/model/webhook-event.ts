import { ObjectType, registerEnumType } from "type-graphql";
import { Column, type Decimals, Property, type Row, Table } from "./declare.js";
import { ascii, bytes, code, hash, instant, integer, longText, receipt, text, uuid } from "./kinds.js";
import { Node } from "./node.js";
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
    PROJECTED: { description: "Its meaning is in the sessions." },
    IGNORED: { description: "Its type is not understood (yet)." },
    DEAD: { description: "Its type is understood, its data is not; it can be replayed." },
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
  description: "A recorded delivery: its bytes as they came, but for what erasures took out.",
  implements: Node,
  simpleResolvers: true,
})
export class WebhookEvent extends Node {
  /** UUIDv7 given at receipt: rows cluster by time. */
  @Property(uuid, {
    description: "Our id; its order is the order of receipt.",
    privacy: notPersonal,
    primary: true,
  })
  override readonly id!: string;

  @Property(text(200), {
    description: "Whippy's id of the delivery; null where it named none.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly requestId!: string | null;

  @Property(text(100), {
    description: "The envelope's event, such as conversation_agent_session.analyzed.",
    privacy: notPersonal,
  })
  readonly eventType!: string;

  @Property(text(50), {
    description: "The envelope's api_version, such as v1.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly apiVersion!: string | null;

  @Property(code(WebhookEventStatus, "WebhookEventStatus", 16), {
    description: "What became of it.",
    privacy: notPersonal,
  })
  readonly status!: WebhookEventStatus;

  /** Fields and rules, never values. */
  @Property(longText, {
    description: "Why it is dead: fields and the rules they break.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly error!: string | null;

  /** JSON: a list of fields and rules, never values. Null where nothing was left out. */
  @Property(longText, {
    description: "What of it is odd and was left out, as JSON; null where nothing was.",
    privacy: notPersonal,
    nullable: true,
    computed: true,
  })
  readonly notes!: string | null;

  @Property(receipt, { description: "When it was received.", privacy: notPersonal })
  readonly receivedAt!: string;

  @Property(instant, {
    description: "The envelope's created_at.",
    privacy: notPersonal,
    nullable: true,
    column: "event_created_at",
  })
  readonly createdAt!: string | null;

  @Property(uuid, {
    description: "The organization it speaks of, where it was understood.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly organizationId!: string | null;

  @Property(uuid, {
    description: "The session it speaks of, where it was understood.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly sessionId!: string | null;

  @Property(ascii(32), {
    description: "The scheme its signature was verified under; null where none was.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly signatureScheme!: string | null;

  @Property(integer, {
    description: "Which of WEBHOOK_SECRETS verified it, from 0.",
    privacy: notPersonal,
    nullable: true,
  })
  readonly signatureKeyIndex!: number | null;

  @Property(integer, { description: "The size of the body in bytes.", privacy: notPersonal })
  readonly sizeBytes!: number;

  /** The body holds the request_id (if any), so equal hashes mean the same delivery again. */
  @Property(hash, {
    description: "SHA-256 of the body as it came, also where erasures took something out of it.",
    privacy: notPersonal,
  })
  readonly bodySha256!: string;

  /** Compressed, see store/raw-body.ts. An erasure redacts or scrubs it: see events/redact.ts. */
  @Column(bytes, { privacy: personJson, column: "body" })
  readonly packedBody!: Buffer;
}

/** The values of the status column. */
export type WebhookEventStatusCode = `${WebhookEventStatus}`;

export type WebhookEventRow = Omit<Row<WebhookEvent>, "status"> &
  Decimals<"createdAt"> & { readonly status: WebhookEventStatusCode };

/** A row with its body as it was received, not as the column holds it. */
export type RawEvent = Omit<WebhookEventRow, "packedBody"> & { readonly body: Buffer };
