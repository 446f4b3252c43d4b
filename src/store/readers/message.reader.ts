import type { Served } from "../../model/declare.js";
import type { SqlReader, SqlValue } from "../sql/transaction.js";
import { placeholders, selectList } from "../sql/statements.js";
import { Message, type MessageRow } from "../../model/message.js";
import { listedMessages } from "../sql/listing.js";
import { messages } from "../sql/tables.js";
import { compileFilter, type FilterFields, isFindable, isPresent, join, noFilter } from "./filter.js";
import { mask, refuseWithheld } from "./mask.js";
import { type OrderTerm, type Slice, sortAsStored, toSlice, type Window, windowSql } from "./page.js";
import {
  type Children,
  countsByParent,
  firstOfEach,
  groupedByParent,
  namedBy,
  type ParentCount,
} from "./parents.js";
import { onceFor } from "./once.js";
import { isOneOf, partiesOf } from "./parties.js";
import { positionsIn, recordMaker, shapeOf, storedFor } from "./record.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";

/**
 * A message as it is served. Holds the fields that were asked for, and the stored values that cursors are
 * made of.
 */
export type MessageRecord = Served<Message>;

/** The fields of MessageFilter and their columns. */
export const messageFilterFields: FilterFields = shapeOf(Message).filterFields;

/** Those by which an index finds messages. */
export const indexedOfMessages = ["id", "conversationId"] as const;

/** Of more sessions it is quicker to pass over the messages in their order. */
const mostSessionsOfParties = 1_000;

/** By creation, then by id; `descending` has the newest first. */
export const messageOrders = {
  ascending: messageOrder(false),
  descending: messageOrder(true),
} as const;

function messageOrder(descending: boolean): readonly OrderTerm[] {
  return [
    { property: "createdAt", column: "m.created_at", nullable: true, descending },
    { property: "id", column: "m.id", nullable: false, descending },
  ];
}

const oldestFirst = messageOrders.ascending;

/** Messages by the conversation that they belong to. */
const ofConversation: Children = {
  from: "messages m",
  alias: "m",
  column: messages.column("conversationId"),
};

/** A session that lists messages. */
interface ListingSession {
  readonly id: string;
  readonly messageCount: number;
}

type JoinedRow = MessageRow & { readonly sessionId: string };

/** Reads messages within a scope, only the columns that were asked for. */
export class MessageReader {
  constructor(private readonly database: SqlReader) {}

  async byIds(scope: Scope, ids: readonly string[], fields: Iterable<string>): Promise<MessageRecord[]> {
    if (ids.length === 0) return [];
    const asked = askedOf(fields);
    const scoped = scopeCondition(scope, "m");
    const rows = await this.database.read<MessageRow>(
      `SELECT ${asked.columns} FROM messages m
       WHERE m.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return records(scope, rows, asked);
  }

  async page(
    scope: Scope,
    query: { readonly filter: object; readonly order: readonly OrderTerm[]; readonly window: Window },
    fields: Iterable<string>,
  ): Promise<Slice<MessageRecord>> {
    const asked = askedOf(fields);
    const { conditions, orderBy, limit } = windowSql(query.order, query.window);
    const found = await this.ofParties(query.filter);
    const where = [...this.matching(scope, query.filter), ...found, ...conditions];
    const rows = await this.database.read<MessageRow>(
      `SELECT ${asked.columns} FROM messages m
       WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`,
      where.flatMap(({ parameters }) => parameters),
    );
    const slice = toSlice(rows, query.window, asked.positionIn(query.order));
    return { ...slice, rows: records(scope, slice.rows, asked) };
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = [...this.matching(scope, filter), ...(await this.ofParties(filter))];
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM messages m WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /**
   * How many messages of each of these sessions match, in one statement; of all of them the sessions know it
   * themselves.
   */
  async countOfSessions(
    scope: Scope,
    sessions: readonly ListingSession[],
    filter: object,
  ): Promise<ReadonlyMap<string, number>> {
    if (asksNothing(filter)) return new Map(sessions.map(({ id, messageCount }) => [id, messageCount]));
    const ids = sessions.map(({ id }) => id);
    const where = this.matching(scope, filter);
    const rows = await this.database.read<{ sessionId: string; count: number | string }>(
      `SELECT s.id AS sessionId, COUNT(*) AS count
       FROM ${listedMessages}
       WHERE s.id IN (${placeholders(ids)}) AND ${where.map(({ sql }) => sql).join(" AND ")}
       GROUP BY s.id`,
      [...ids, ...where.flatMap(({ parameters }) => parameters)],
    );
    return new Map(rows.map(({ sessionId, count }) => [sessionId, Number(count)]));
  }

  /**
   * The same window of messages of each of many sessions, in one statement. Sessions known to have no more
   * messages than the window holds need no counting within each session, which costs the database half.
   */
  async ofSessions(
    scope: Scope,
    sessions: readonly ListingSession[],
    { filter, window }: { readonly filter: object; readonly window: Window },
    fields: Iterable<string>,
  ): Promise<Map<string, Slice<MessageRecord>>> {
    const asked = askedOf(fields);
    const isAtAnEnd = window.after === undefined && window.before === undefined;
    const isWhole = isAtAnEnd && sessions.every(({ messageCount }) => messageCount <= window.limit);
    const query = { filter, window, isWhole };
    const ids = sessions.map(({ id }) => id);
    const [id] = ids;
    const { database } = this;
    if (id === undefined || ids.length > 1 || !isAtAnEnd || filter !== noFilter || !database.gather)
      return await this.ofEach(scope, ids, query, asked);
    const slice = await database.gather(asked.groupOf(window, isWhole), id, (reader, all) =>
      new MessageReader(reader).ofEach(scope, all, query, asked),
    );
    return new Map(slice && [[id, slice]]);
  }

  private async ofEach(
    scope: Scope,
    ids: readonly string[],
    {
      filter,
      window,
      isWhole,
    }: { readonly filter: object; readonly window: Window; readonly isWhole: boolean },
    asked: Asked,
  ): Promise<Map<string, Slice<MessageRecord>>> {
    const where = this.matching(scope, filter);
    const rows = await (isWhole
      ? this.wholeSessions(ids, where, asked)
      : this.windows(ids, where, window, asked));
    const positionOf = asked.positionIn(oldestFirst);
    const bySession = groupedByParent(ids, rows, (row) => row.sessionId);
    return new Map(
      Array.from(bySession, ([sessionId, own]) => {
        if (isWhole) sortAsStored(own, oldestFirst, window.fromEnd);
        const slice = toSlice(own, window, positionOf);
        return [sessionId, { ...slice, rows: records(scope, slice.rows, asked) }];
      }),
    );
  }

  /** The same window of messages of each of many conversations, the oldest first, in one statement. */
  async ofConversations(
    scope: Scope,
    conversationIds: readonly string[],
    { filter, window }: { readonly filter: object; readonly window: Window },
    fields: Iterable<string>,
  ): Promise<Map<string, Slice<MessageRecord>>> {
    const asked = askedOfConversations(fields);
    const sql = windowSql(oldestFirst, window);
    const where = join([...this.matching(scope, filter), ...sql.conditions], "AND");
    const { unionLimits } = this.database.dialect;
    const found = firstOfEach(ofConversation, conversationIds, where, sql, unionLimits);
    const rows = await this.database.read<MessageRow>(
      `SELECT ${asked.columns}
       FROM (${found.sql}) found JOIN messages m ON m.id = found.id`,
      found.parameters,
    );
    sortAsStored(rows, oldestFirst, window.fromEnd);
    const own = groupedByParent(
      conversationIds,
      records(scope, rows, asked),
      (message) => message.conversationId,
    );
    const positionOf = asked.positionIn(oldestFirst);
    return new Map(Array.from(own, ([id, messagesOfIt]) => [id, toSlice(messagesOfIt, window, positionOf)]));
  }

  /**
   * How many messages of each of these conversations match, in one statement; those of which none does are
   * left out.
   */
  async countOfConversations(
    scope: Scope,
    conversationIds: readonly string[],
    filter: object,
  ): Promise<ReadonlyMap<string, number>> {
    const where = join([namedBy(ofConversation, conversationIds), ...this.matching(scope, filter)], "AND");
    const rows = await this.database.read<ParentCount>(
      `SELECT m.conversation_id AS id, COUNT(*) AS count FROM messages m
       WHERE ${where.sql} GROUP BY m.conversation_id`,
      where.parameters,
    );
    return countsByParent(rows);
  }

  private async wholeSessions(
    ids: readonly string[],
    where: readonly SqlCondition[],
    { columns }: Asked,
  ): Promise<JoinedRow[]> {
    return await this.database.read<JoinedRow>(
      `SELECT s.id AS sessionId, ${columns}
       FROM ${listedMessages}
       WHERE s.id IN (${placeholders(ids)}) AND ${where.map(({ sql }) => sql).join(" AND ")}`,
      [...ids, ...where.flatMap(({ parameters }) => parameters)],
    );
  }

  private async windows(
    ids: readonly string[],
    matching: readonly SqlCondition[],
    window: Window,
    { columns }: Asked,
  ): Promise<JoinedRow[]> {
    const { conditions, orderBy, limit } = windowSql(oldestFirst, window);
    const where = [...matching, ...conditions];
    const parameters: SqlValue[] = [...ids, ...where.flatMap((condition) => condition.parameters)];
    return await this.database.read<JoinedRow>(
      `SELECT * FROM (
         SELECT s.id AS sessionId, ${columns},
           ROW_NUMBER() OVER (PARTITION BY s.id ORDER BY ${orderBy}) AS ordinal
         FROM ${listedMessages}
         WHERE s.id IN (${placeholders(ids)}) AND ${where.map(({ sql }) => sql).join(" AND ")}
       ) w WHERE w.ordinal <= ${limit} ORDER BY w.ordinal`,
      parameters,
    );
  }

  /**
   * That a session with a party that the filter names lists the message; nothing where it names none, or one
   * of many sessions, as the organization's own number is.
   */
  private async ofParties(filter: object): Promise<SqlCondition[]> {
    const parties = isFindable(filter, indexedOfMessages) ? undefined : partiesOf(filter);
    if (parties === undefined) return [];
    const { sql, parameters } = isOneOf(parties);
    const [sessions] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count
       FROM (SELECT p.session_id FROM session_parties p WHERE ${sql} LIMIT ${mostSessionsOfParties + 1}) n`,
      parameters,
    );
    if (Number(sessions?.count) > mostSessionsOfParties) return [];
    // DISTINCT keeps the optimizers from asking anew for each message.
    return [
      {
        sql: `m.cluster_key IN (SELECT found.message_key FROM (SELECT DISTINCT j.message_key FROM session_parties p
                JOIN sessions s ON s.id = p.session_id JOIN session_messages j ON j.session_key = s.cluster_key
                WHERE ${sql}) found)`,
        parameters,
      },
    ];
  }

  private matching(scope: Scope, filter: object): SqlCondition[] {
    refuseWithheld(scope, filter);
    const { sql, parameters } = compileFilter(filter, messageFilterFields, "m", this.database);
    return [scopeCondition(scope, "m"), { sql: `(${sql})`, parameters }];
  }
}

/** Whether every message matches. */
function asksNothing(filter: object): boolean {
  return !Object.values(filter).some(isPresent);
}

/** What statements and records need to know of the fields that are asked for. */
interface Asked {
  /** The list of a SELECT: the order's columns are always read, as cursors are made of them. */
  readonly columns: string;
  readonly toRecord: (row: object) => unknown;
  readonly positionIn: (order: readonly OrderTerm[]) => ReturnType<typeof positionsIn>;
  /** The same for the same window from either end. */
  readonly groupOf: (window: Window, isWhole: boolean) => object;
}

const askedOf = onceFor((fields: Iterable<string>) => asked([...fields, "id"]));
const askedOfConversations = onceFor((fields: Iterable<string>) =>
  asked([...fields, "id", "conversationId"]),
);

function asked(fields: readonly string[]): Asked {
  const wanted = new Set(fields);
  const columns = storedFor<keyof MessageRow>(Message, wanted, ["createdAt"]);
  const groups = new Map<string, object>();
  return {
    columns: selectList(messages, "m", columns),
    toRecord: recordMaker(Message, wanted),
    positionIn: onceFor((order: readonly OrderTerm[]) => positionsIn(Message, order, wanted)),
    groupOf: ({ limit, fromEnd }, isWhole) => {
      const name = `${limit} ${fromEnd} ${isWhole}`;
      const group = groups.get(name) ?? {};
      groups.set(name, group);
      return group;
    },
  };
}

/** The one way from rows to what is served: masked where the scope says so. */
function records(scope: Scope, rows: readonly MessageRow[], { toRecord }: Asked): MessageRecord[] {
  return rows.map((row) => mask(scope, Message, toRecord(row) as MessageRecord));
}
