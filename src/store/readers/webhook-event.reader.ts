import type { Served } from "../../model/declare.js";
import { fromDatetime } from "../../model/instant.js";
import { storedId } from "../../model/kinds.js";
import {
  type RawEvent,
  toRawEvent,
  WebhookEvent,
  type WebhookEventRow,
  type WebhookEventStatusCode,
} from "../../model/webhook-event.js";
import { unpack } from "../../model/packed.js";
import type { SqlReader } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { webhookEvents } from "../sql/tables.js";
import { compileFilter, type FilterFields } from "./filter.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { positionsIn, shapeOf, storedFor, recordMaker } from "./record.js";
import type { SqlCondition } from "./scope.js";

/** Which raw events are meant. */
export interface RawEventSelection {
  readonly id?: string;
  readonly status?: WebhookEventStatusCode;
  /** Received at this instant (DATETIME(6) text) or later. */
  readonly since?: string;
}

/** A raw event as operators see it. Holds the fields that were asked for. */
export type WebhookEventRecord = Omit<Served<WebhookEvent>, "packedBody"> & {
  readonly body: Buffer;
};

/** The fields of WebhookEventFilter and their columns. */
const filterFields: FilterFields = shapeOf(WebhookEvent).filterFields;

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
    fields: Iterable<string>,
  ): Promise<Slice<WebhookEventRecord>> {
    const { conditions, orderBy, limit } = windowSql(newestFirst, query.window);
    const where = [this.matching(query.filter), ...conditions];
    const rows = await this.database.read<RecordRow>(
      `SELECT ${columnsFor(fields)} FROM webhook_events e
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`,
      where.flatMap(({ parameters }) => parameters),
    );
    const slice = toSlice(rows, query.window, positionsIn(WebhookEvent, newestFirst, converted));
    return { ...slice, rows: slice.rows.map(toWebhookEvent) };
  }

  async byIds(ids: readonly string[], fields: Iterable<string>): Promise<WebhookEventRecord[]> {
    if (ids.length === 0) return [];
    const rows = await this.database.read<RecordRow>(
      `SELECT ${columnsFor(fields)} FROM webhook_events e WHERE e.id IN (${placeholders(ids)})`,
      ids,
    );
    return rows.map(toWebhookEvent);
  }

  async countMatching(filter: object): Promise<number> {
    return await this.countWhere(this.matching(filter));
  }

  /** Whole rows. Those received while they are being read are not among them. */
  async *inOrder(selection: RawEventSelection): AsyncGenerator<RawEvent> {
    const rows = this.pages<WebhookEventRow>(selection, webhookEvents.properties, bodiesAtOnce);
    for await (const row of rows) yield toRawEvent(row);
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

/** Holds the columns that were asked for. */
type RecordRow = Omit<WebhookEventRow, "packedBody"> & { readonly packedBody?: Buffer };

function columnsFor(fields: Iterable<string>): string {
  const wanted = new Set(fields);
  const further: (keyof WebhookEventRow)[] = wanted.has("body") ? ["id", "packedBody"] : ["id"];
  return selectList(webhookEvents, "e", storedFor(WebhookEvent, wanted, further));
}

const converted: ReadonlySet<string> = new Set(["createdAt", "receivedAt"]);
const toRecord = recordMaker(WebhookEvent, converted);

function toWebhookEvent({ packedBody, ...row }: RecordRow): WebhookEventRecord {
  const record = toRecord(row) as WebhookEventRecord;
  return packedBody === undefined ? record : { ...record, body: unpack(packedBody) };
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

/**
 * Ids are made at receipt and begin with its milliseconds, so the key finds the place; a second is left for
 * clocks that were set.
 */
function leastIdOf(datetime: string): string {
  const milliseconds = Math.max(0, Date.parse(`${datetime.slice(0, 23).replace(" ", "T")}Z`) - 1_000);
  const hex = milliseconds.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
