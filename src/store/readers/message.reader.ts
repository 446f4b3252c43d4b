import { fromDatetime, toDatetime } from "../../events/instant.js";
import type { SqlReader, SqlValue } from "../database.js";
import { placeholders, selectList } from "../statements.js";
import { type MessageRow, messages } from "../tables/messages.table.js";
import { compileFilter, type FilterFields, storedId } from "./filter.js";
import { maskMessages, refuseWithheld } from "./mask.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/** A message as it is served: instants in ISO 8601 as precise as received, JSON as values. Holds the fields that were asked for. */
export interface MessageRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly conversationId: string;
  readonly body: string | null;
  readonly translatedBody: string | null;
  readonly direction: string | null;
  readonly type: string | null;
  readonly mode: string | null;
  readonly deliveryStatus: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly language: string | null;
  readonly translationLanguage: string | null;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  readonly contactId: string | null;
  readonly channelId: string | null;
  readonly campaignId: string | null;
  readonly campaignContactId: string | null;
  readonly sequenceId: string | null;
  readonly stepId: string | null;
  readonly stepContactId: string | null;
  readonly userId: number | null;
  readonly attachments: unknown;
  readonly metadata: unknown;
  /** The stored values of the order's terms, for cursors. */
  readonly position: readonly (string | number | null)[];
}

export type MessageField = Exclude<keyof MessageRecord, "position">;

const columnsOf: Partial<Record<MessageField, readonly (keyof MessageRow)[]>> = {
  from: ["fromAddress"],
  to: ["toAddress"],
  createdAt: ["createdAt", "createdAtDecimals"],
  updatedAt: ["updatedAt", "updatedAtDecimals"],
};

const text = { nullable: true, isText: true };
const id = { nullable: true, stored: storedId };
const instant = { nullable: true, stored: (value: string) => toDatetime(value) };

/** The fields of MessageFilter and their columns. */
export const messageFilterFields: FilterFields = {
  id: { column: "id", nullable: false, stored: storedId },
  organizationId: { column: "organization_id", nullable: false, stored: storedId },
  conversationId: { column: "conversation_id", nullable: false, stored: storedId },
  body: { column: "body", ...text },
  translatedBody: { column: "translated_body", ...text },
  direction: { column: "direction", ...text },
  type: { column: "type", ...text },
  mode: { column: "mode", ...text },
  deliveryStatus: { column: "delivery_status", ...text },
  from: { column: "from_address", ...text },
  to: { column: "to_address", ...text },
  language: { column: "language", ...text },
  translationLanguage: { column: "translation_language", ...text },
  createdAt: { column: "created_at", ...instant },
  updatedAt: { column: "updated_at", ...instant },
  contactId: { column: "contact_id", ...id },
  channelId: { column: "channel_id", ...id },
  campaignId: { column: "campaign_id", ...id },
  campaignContactId: { column: "campaign_contact_id", ...id },
  sequenceId: { column: "sequence_id", ...id },
  stepId: { column: "step_id", ...id },
  stepContactId: { column: "step_contact_id", ...id },
  userId: { column: "user_id", nullable: true },
};

/** By creation, then by id; `descending` puts the newest first. */
export function messageOrder(descending: boolean): OrderTerm[] {
  return [
    { property: "createdAt", column: "m.created_at", nullable: true, descending },
    { property: "id", column: "m.id", nullable: false, descending },
  ];
}

type JoinedRow = MessageRow & { readonly sessionId: string };

/** Reads messages within a scope, only the columns that were asked for. */
export class MessageReader {
  constructor(private readonly database: SqlReader) {}

  async byIds(
    scope: Scope,
    ids: readonly string[],
    fields: Iterable<MessageField>,
  ): Promise<MessageRecord[]> {
    if (ids.length === 0) return [];
    const wanted = new Set<MessageField>([...fields, "id"]);
    const scoped = scopeCondition(scope, "m");
    const rows = await this.database.read<MessageRow>(
      `SELECT ${selectList(messages, "m", columnsFor(wanted))} FROM messages m
       WHERE m.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return records(scope, rows, wanted);
  }

  async page(
    scope: Scope,
    query: { readonly filter: object; readonly order: readonly OrderTerm[]; readonly window: Window },
    fields: Iterable<MessageField>,
  ): Promise<Slice<MessageRecord>> {
    const wanted = new Set<MessageField>([...fields, "id"]);
    const { conditions, orderBy, limit } = windowSql(query.order, query.window);
    const where = [...this.matching(scope, query.filter), ...conditions];
    const rows = await this.database.read<MessageRow>(
      `SELECT ${selectList(messages, "m", columnsFor(wanted))} FROM messages m
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`,
      where.flatMap(({ parameters }) => parameters),
    );
    const slice = toSlice(rows, query.window);
    return { ...slice, rows: records(scope, slice.rows, wanted) };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = this.matching(scope, filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM messages m WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /**
   * The same window of messages of each of many sessions, in one statement. Sessions known to have no more messages than the window
   * holds need no counting within each session, which costs the database half.
   */
  async ofSessions(
    scope: Scope,
    requested: readonly { readonly id: string; readonly messageCount: number }[],
    window: Window,
    fields: Iterable<MessageField>,
  ): Promise<Map<string, Slice<MessageRecord>>> {
    const wanted = new Set<MessageField>([...fields, "id"]);
    const isWhole =
      window.after === undefined &&
      window.before === undefined &&
      requested.every(({ messageCount }) => messageCount <= window.limit);
    const ids = requested.map(({ id: sessionId }) => sessionId);
    const rows = await (isWhole
      ? this.wholeSessions(scope, ids, wanted)
      : this.windows(scope, ids, window, wanted));
    const bySession = new Map<string, JoinedRow[]>(ids.map((sessionId) => [sessionId, []]));
    for (const row of rows) bySession.get(row.sessionId)?.push(row);
    return new Map(
      Array.from(bySession, ([sessionId, own]) => {
        const slice = toSlice(isWhole && window.fromEnd ? own.reverse() : own, window);
        return [sessionId, { ...slice, rows: records(scope, slice.rows, wanted) }];
      }),
    );
  }

  private async wholeSessions(
    scope: Scope,
    ids: readonly string[],
    wanted: Set<MessageField>,
  ): Promise<JoinedRow[]> {
    const scoped = scopeCondition(scope, "m");
    return await this.database.read<JoinedRow>(
      `SELECT j.session_id AS sessionId, ${selectList(messages, "m", columnsFor(wanted))}
       FROM session_messages j JOIN messages m ON m.id = j.message_id
       WHERE j.session_id IN (${placeholders(ids)}) AND ${scoped.sql}
       ORDER BY m.created_at, m.id`,
      [...ids, ...scoped.parameters],
    );
  }

  private async windows(
    scope: Scope,
    ids: readonly string[],
    window: Window,
    wanted: Set<MessageField>,
  ): Promise<JoinedRow[]> {
    const scoped = scopeCondition(scope, "m");
    const { conditions, orderBy, limit } = windowSql(messageOrder(false), window);
    const where: SqlCondition[] = [scoped, ...conditions];
    const parameters: SqlValue[] = [...ids, ...where.flatMap((condition) => condition.parameters)];
    return await this.database.read<JoinedRow>(
      `SELECT * FROM (
         SELECT j.session_id AS sessionId, ${selectList(messages, "m", columnsFor(wanted))},
           ROW_NUMBER() OVER (PARTITION BY j.session_id ORDER BY ${orderBy}) AS ordinal
         FROM session_messages j JOIN messages m ON m.id = j.message_id
         WHERE j.session_id IN (${placeholders(ids)}) AND ${where.map(({ sql }) => sql).join(" AND ")}
       ) w WHERE w.ordinal <= ${limit} ORDER BY w.ordinal`,
      parameters,
    );
  }

  private matching(scope: Scope, filter: object): SqlCondition[] {
    refuseWithheld(scope, filter);
    const { sql, parameters } = compileFilter(filter, messageFilterFields, "m", this.database);
    return [scopeCondition(scope, "m"), { sql: `(${sql})`, parameters }];
  }
}

/** The order's columns are always read: cursors are made of them. */
function columnsFor(fields: Iterable<MessageField>): Set<keyof MessageRow> {
  const columns = new Set<keyof MessageRow>(["createdAt"]);
  for (const field of fields) {
    for (const column of columnsOf[field] ?? [field as keyof MessageRow]) columns.add(column);
  }
  return columns;
}

/** The one way from rows to what is served: masked where the scope says so. */
function records(
  scope: Scope,
  rows: readonly MessageRow[],
  fields: ReadonlySet<MessageField>,
): MessageRecord[] {
  return maskMessages(
    scope,
    rows.map((row) => toRecord(row, fields)),
  );
}

/** Turns the row itself into the record: a page may have ten thousand messages, and copying each took longer than reading it. */
function toRecord(row: MessageRow, fields: ReadonlySet<MessageField>): MessageRecord {
  const record = row as unknown as Record<string, unknown>;
  record.position = [row.createdAt, row.id];
  if (fields.has("createdAt") && row.createdAt !== null) {
    record.createdAt = fromDatetime(row.createdAt, row.createdAtDecimals ?? 6);
  }
  if (fields.has("updatedAt") && row.updatedAt !== null) {
    record.updatedAt = fromDatetime(row.updatedAt, row.updatedAtDecimals ?? 6);
  }
  if (fields.has("from")) record.from = row.fromAddress;
  if (fields.has("to")) record.to = row.toAddress;
  for (const name of ["attachments", "metadata"] as const) {
    const value = fields.has(name) ? row[name] : null;
    if (value !== null) record[name] = JSON.parse(value);
  }
  return record as unknown as MessageRecord;
}
