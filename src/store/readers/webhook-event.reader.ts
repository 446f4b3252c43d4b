import type { FieldError } from "../../errors.js";
import { mapScalars } from "../../events/json-scalars.js";
import { fromDatetime, toDatetime } from "../../events/instant.js";
import type { SqlReader } from "../database.js";
import { selectList } from "../statements.js";
import {
  type Comparator,
  compileComparator,
  compileFilter,
  type FilterFields,
  storedHash,
  storedId,
} from "./filter.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import type { SqlCondition } from "./scope.js";
import {
  webhookEventProperties,
  webhookEvents,
  type WebhookEventRow,
  type WebhookEventStatus,
} from "../tables/webhook-events.table.js";

/** Which raw events are meant. */
export interface RawEventSelection {
  readonly id?: string;
  readonly status?: WebhookEventStatus;
  /** Received at this instant (DATETIME(6) text) or later. */
  readonly since?: string;
}

/** A raw event as operators see it. Holds the fields that were asked for. */
export interface WebhookEventRecord {
  readonly id: string;
  readonly requestId: string | null;
  readonly eventType: string;
  readonly apiVersion: string | null;
  readonly status: WebhookEventStatus;
  readonly error: string | null;
  readonly notes: readonly FieldError[];
  readonly receivedAt: string;
  readonly createdAt: string | null;
  readonly organizationId: string | null;
  readonly sessionId: string | null;
  readonly signatureScheme: string | null;
  readonly signatureKeyIndex: number | null;
  readonly sizeBytes: number;
  readonly bodySha256: string;
  readonly body: Buffer;
  readonly position: readonly string[];
}

export type WebhookEventField = Exclude<keyof WebhookEventRecord, "position">;

const text = { nullable: true, isText: true };
const instant = { nullable: true, stored: (value: string) => toDatetime(value) };

/** The fields of WebhookEventFilter and their columns. */
const filterFields: FilterFields = {
  id: { column: "id", nullable: false, stored: storedId },
  requestId: { column: "request_id", ...text },
  eventType: { column: "event_type", ...text },
  apiVersion: { column: "api_version", ...text },
  status: { column: "status", nullable: false },
  error: { column: "error", ...text },
  notes: { column: "notes", ...text },
  receivedAt: { column: "received_at", ...instant },
  createdAt: { column: "event_created_at", ...instant },
  organizationId: { column: "organization_id", nullable: true, stored: storedId },
  sessionId: { column: "session_id", nullable: true, stored: storedId },
  signatureScheme: (comparator: Comparator<string>, alias, place) =>
    compileComparator(asciiOnly(comparator), { column: "signature_scheme", ...text }, alias, place),
  signatureKeyIndex: { column: "signature_key_index", nullable: true },
  sizeBytes: { column: "body", nullable: false, expression: sizeOf },
  bodySha256: { column: "body_sha256", nullable: false, stored: storedHash },
};

/** In bytes, of what is binary. */
function sizeOf(column: string): string {
  return `LENGTH(${column})`;
}

/** A column of ASCII must not meet other characters, on MySQL: DEL, which no code of ours holds, stands for all of them. */
function asciiOnly(comparator: Comparator<string>): Comparator<string> {
  return mapScalars(comparator, (text) => String(text).replace(/[^ -~]/g, "\x7f")) as Comparator<string>;
}

const newestFirst: readonly OrderTerm[] = [
  { property: "id", column: "e.id", nullable: false, descending: true },
];

/** A raw event without its bytes. */
export type DeadLetter = Pick<WebhookEventRow, "id" | "receivedAt" | "eventType" | "error">;

/** Rows read at once where they hold bodies, each of which may have some megabytes. */
const bodiesAtOnce = 8;
const rowsAtOnce = 500;

/** Reads the log of raw events, in order of receipt and a few at a time, however many there are. */
export class WebhookEventReader {
  constructor(private readonly database: SqlReader) {}

  async count(selection: RawEventSelection): Promise<number> {
    return await this.countWhere(conditionOf(selection));
  }

  /** The newest first; bodies are read only where they were asked for. */
  async page(
    query: { readonly filter: object; readonly window: Window },
    fields: Iterable<WebhookEventField>,
  ): Promise<Slice<WebhookEventRecord>> {
    const { conditions, orderBy, limit } = windowSql(newestFirst, query.window);
    const where = [this.matching(query.filter), ...conditions];
    const rows = await this.database.read<RecordRow>(
      `SELECT ${columnsFor(fields)} FROM webhook_events e
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`,
      where.flatMap(({ parameters }) => parameters),
    );
    const slice = toSlice(rows, query.window);
    return { ...slice, rows: slice.rows.map(toRecord) };
  }

  async countMatching(filter: object): Promise<number> {
    return await this.countWhere(this.matching(filter));
  }

  /** Whole rows. Those received while they are being read are not among them. */
  async *inOrder(selection: RawEventSelection): AsyncGenerator<WebhookEventRow> {
    yield* this.pages<WebhookEventRow>(selection, webhookEventProperties, bodiesAtOnce);
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    const rows = this.pages<DeadLetter>(
      { status: "dead" },
      ["id", "receivedAt", "eventType", "error"],
      rowsAtOnce,
    );
    for await (const row of rows) yield { ...row, receivedAt: fromDatetime(row.receivedAt, 3) };
  }

  async hasBody(sha256: string): Promise<boolean> {
    const rows = await this.database.read("SELECT id FROM webhook_events WHERE body_sha256 = ?", [sha256]);
    return rows.length > 0;
  }

  private matching(filter: object): SqlCondition {
    const { sql, parameters } = compileFilter(filter, filterFields, "e", this.database);
    return { sql: `(${sql})`, parameters };
  }

  private async countWhere({ sql, parameters }: SqlCondition): Promise<number> {
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM webhook_events e WHERE ${sql}`,
      parameters,
    );
    return Number(row?.count ?? 0);
  }

  private async *pages<Row extends { readonly id: string }>(
    selection: RawEventSelection,
    properties: readonly (keyof WebhookEventRow)[],
    atOnce: number,
  ): AsyncGenerator<Row> {
    const { sql, parameters } = conditionOf(selection);
    const [newest] = await this.database.read<{ id: string | null }>(
      "SELECT MAX(id) AS id FROM webhook_events",
    );
    let after = "";
    for (;;) {
      const rows = await this.database.read<Row>(
        `SELECT ${selectList(webhookEvents, "e", properties)} FROM webhook_events e
         WHERE ${sql} AND e.id > ? AND e.id <= ? ORDER BY e.id LIMIT ${atOnce}`,
        [...parameters, after, newest?.id ?? ""],
      );
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < atOnce) return;
      after = last.id;
    }
  }
}

type RecordRow = WebhookEventRow & { readonly sizeBytes: number | string };

function columnsFor(fields: Iterable<WebhookEventField>): string {
  const plain = new Set<keyof WebhookEventRow>(["id"]);
  let size = "";
  for (const field of fields) {
    if (field === "sizeBytes") size = `, ${sizeOf("e.body")} AS sizeBytes`;
    else if (field === "createdAt") plain.add("eventCreatedAt").add("eventCreatedAtDecimals");
    else plain.add(field);
  }
  return selectList(webhookEvents, "e", plain) + size;
}

function toRecord(row: RecordRow): WebhookEventRecord {
  const { eventCreatedAt, eventCreatedAtDecimals, receivedAt, sizeBytes, notes, ...same } = row;
  const received = receivedAt as string | undefined;
  return {
    ...same,
    createdAt: eventCreatedAt ? fromDatetime(eventCreatedAt, eventCreatedAtDecimals ?? 6) : null,
    receivedAt: received === undefined ? "" : fromDatetime(received, 3),
    sizeBytes: Number(sizeBytes),
    notes: notes ? (JSON.parse(notes) as FieldError[]) : [],
    position: [row.id],
  };
}

function conditionOf({ id, status, since }: RawEventSelection) {
  const conditions = [
    ...(id === undefined ? [] : [{ sql: "e.id = ?", value: storedId(id) }]),
    ...(status === undefined ? [] : [{ sql: "e.status = ?", value: status }]),
    ...(since === undefined
      ? []
      : [
          { sql: "e.id >= ?", value: leastIdOf(since) },
          { sql: "e.received_at >= ?", value: since },
        ]),
  ];
  return {
    sql: ["1 = 1", ...conditions.map(({ sql }) => sql)].join(" AND "),
    parameters: conditions.map(({ value }) => value),
  };
}

/** Ids are made at receipt and begin with its milliseconds, so the key finds the place; a second is left for clocks that were set. */
function leastIdOf(datetime: string): string {
  const milliseconds = Math.max(0, Date.parse(`${datetime.slice(0, 23).replace(" ", "T")}Z`) - 1_000);
  const hex = milliseconds.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
