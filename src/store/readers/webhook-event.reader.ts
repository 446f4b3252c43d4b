import { fromDatetime } from "../../events/instant.js";
import type { SqlReader } from "../database.js";
import { selectList } from "../statements.js";
import {
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

/** A raw event without its bytes. */
export type DeadLetter = Pick<WebhookEventRow, "id" | "receivedAt" | "eventType" | "error">;

/** Rows read at once where they hold bodies, each of which may have some megabytes. */
const bodiesAtOnce = 8;
const rowsAtOnce = 500;

const columns: readonly (keyof WebhookEventRow)[] = [
  "id",
  "requestId",
  "eventType",
  "apiVersion",
  "eventCreatedAt",
  "eventCreatedAtDecimals",
  "receivedAt",
  "status",
  "error",
  "organizationId",
  "sessionId",
  "bodySha256",
  "signatureScheme",
  "signatureKeyIndex",
  "body",
];

/** Reads the log of raw events, in order of receipt and a few at a time, however many there are. */
export class WebhookEventReader {
  constructor(private readonly database: SqlReader) {}

  async count(selection: RawEventSelection): Promise<number> {
    const { sql, parameters } = conditionOf(selection);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM webhook_events e WHERE ${sql}`,
      parameters,
    );
    return Number(row?.count ?? 0);
  }

  /** Whole rows. Those received while they are being read are not among them. */
  async *inOrder(selection: RawEventSelection): AsyncGenerator<WebhookEventRow> {
    yield* this.pages<WebhookEventRow>(selection, columns, bodiesAtOnce);
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

function conditionOf({ id, status, since }: RawEventSelection) {
  const conditions = [
    ...(id === undefined ? [] : [{ sql: "e.id = ?", value: id }]),
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
