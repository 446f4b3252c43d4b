import { fromDatetime } from "../../events/instant.js";
import type { SqlReader } from "../database.js";
import { placeholders, selectList } from "../statements.js";
import { type SessionRow, sessions } from "../tables/sessions.table.js";
import { type Asking, demand, isPresent } from "./filter.js";
import { maskAnalyzed } from "./mask.js";
import { type OrderTerm, type Slice, toSlice, type Window, windowSql } from "./page.js";
import { type Scope, type SqlCondition, scopeCondition } from "./scope.js";
import { sessionConditions, type SessionStatus, statuses } from "./session-filter.js";

/** A session as it is served: instants in ISO 8601 as precise as received, JSON as values. Holds the fields that were asked for. */
export interface SessionRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly conversationId: string;
  readonly agentId: string;
  readonly agentVersionId: string;
  readonly revisionId: string;
  readonly status: SessionStatus;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly analyzedAt: string | null;
  readonly endedReason: string | null;
  readonly chatCompletionRating: string | null;
  readonly chatSummary: string | null;
  readonly userSentiment: string | null;
  readonly language: string | null;
  readonly translationLanguage: string | null;
  readonly chatTranscript: string | null;
  readonly translatedChatTranscript: string | null;
  readonly customAnalysisData: unknown;
  readonly messageCount: number;
  readonly failedMessageCount: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The stored values of the order's terms, for cursors. */
  readonly position: readonly (string | number | null)[];
}

export type SessionField = Exclude<keyof SessionRecord, "position">;

/** Which columns a field is made of, where they are not the one of its name. */
const columnsOf: Partial<Record<SessionField, readonly (keyof SessionRow)[]>> = {
  status: ["lifecycle"],
  startedAt: ["startedAt", "startedAtDecimals"],
  endedAt: ["endedAt", "endedAtDecimals"],
  // Which answers may be seen depends on the questions.
  customAnalysisData: ["customAnalysisData", "revisionId"],
};

export type SessionOrderField =
  | "startedAt"
  | "endedAt"
  | "analyzedAt"
  | "createdAt"
  | "updatedAt"
  | "messageCount"
  | "lifecycle"
  | "chatCompletionRating"
  | "userSentiment"
  | "endedReason"
  | "language"
  | "organizationId"
  | "agentId";

const nullableOrders: ReadonlySet<SessionOrderField> = new Set([
  "startedAt",
  "endedAt",
  "analyzedAt",
  "chatCompletionRating",
  "userSentiment",
  "endedReason",
  "language",
]);

const mostOrderTerms = 5;

/** An order of sessions; ties are broken by id, so every order is total. */
export function sessionOrder(
  terms: readonly { readonly field: SessionOrderField; readonly descending: boolean }[],
): OrderTerm[] {
  demand(terms.length <= mostOrderTerms, "orderBy", `must not hold more than ${mostOrderTerms} terms`);
  const chosen = terms.length === 0 ? [{ field: "startedAt" as const, descending: true }] : terms;
  return [
    ...chosen.map(({ field, descending }) => ({
      property: field,
      column: `s.${sessions.column(field)}`,
      nullable: nullableOrders.has(field),
      descending,
    })),
    { property: "id", column: "s.id", nullable: false, descending: chosen.at(-1)?.descending ?? true },
  ];
}

/** What part of which list is asked for. */
export interface PageQuery {
  readonly filter: object;
  readonly order: readonly OrderTerm[];
  readonly window: Window;
}

/** For each row that a page may hold, so many sessions are looked at before the database is asked to find all that match. */
const defaultNearbyPerRow = 40;

/**
 * First a tenth of them is looked at, and the rest only where that fills a tenth of the page: what is rare costs little, also where the
 * sessions must be read from the disk.
 */
const looks = [0.1, 1] as const;

/** Walks along an index, and values, that one statement holds: SQLite takes no more than 500 and 32,766. */
const mostWalks = 200;
const mostParameters = 30_000;

/** The orders of lists and of exports: an index is kept in each. */
const keptOrders: ReadonlySet<string> = new Set(["startedAt DESC, id DESC", "id ASC"]);

function spelled(order: readonly OrderTerm[]): string {
  return order.map(({ property, descending }) => `${property} ${descending ? "DESC" : "ASC"}`).join(", ");
}

/** Reads sessions within a scope, only the columns that were asked for. */
export class SessionReader {
  constructor(
    private readonly database: SqlReader,
    private readonly nearbyPerRow = defaultNearbyPerRow,
  ) {}

  async byIds(
    scope: Scope,
    ids: readonly string[],
    fields: Iterable<SessionField>,
  ): Promise<SessionRecord[]> {
    if (ids.length === 0) return [];
    const scoped = scopeCondition(scope, "s");
    const wanted = new Set<SessionField>([...fields, "id"]);
    const rows = await this.database.read<SessionRow>(
      `SELECT ${selectList(sessions, "s", columnsFor(wanted))} FROM sessions s
       WHERE s.id IN (${placeholders(ids)}) AND ${scoped.sql}`,
      [...ids, ...scoped.parameters],
    );
    return await this.records(scope, rows, wanted, []);
  }

  async page(scope: Scope, query: PageQuery, fields: Iterable<SessionField>): Promise<Slice<SessionRecord>> {
    const wanted = new Set<SessionField>([...fields, "id"]);
    const rows =
      (await this.nearest(scope, query, wanted)) ??
      (await this.rows(query, wanted, this.matching(scope, query.filter)));
    const slice = toSlice(rows, query.window);
    return { ...slice, rows: await this.records(scope, slice.rows, wanted, query.order) };
  }

  /**
   * A page whose filter asks of other tables is looked for among the next sessions of the list first: what one session in forty matches
   * is found there, and the database need not collect all that match, of which there may be hundreds of thousands.
   * @returns undefined where they do not fill the page; then nothing is known of those beyond them
   */
  private async nearest(
    scope: Scope,
    query: PageQuery,
    wanted: ReadonlySet<SessionField>,
  ): Promise<SessionRow[] | undefined> {
    const { order, window } = query;
    const [, all] = this.matching(scope, query.filter);
    const [within, each] = this.matching(scope, query.filter, "each");
    if (each.reads === 0 || each.sql === all.sql) return undefined;
    if (window.fromEnd || !keptOrders.has(spelled(order))) return undefined;
    const nearby = (this.nearbyPerRow * window.limit) / each.reads;
    for (const share of looks) {
      const count = Math.floor(nearby * share);
      if (count === 0) return undefined;
      const end = await this.nearbyEnd(scope, query, count);
      const where = [within, ...(end === undefined ? [] : [end]), each];
      const rows = await this.rows(query, wanted, where);
      if (end === undefined || rows.length > window.limit) return rows;
      if (rows.length < share * window.limit) return undefined;
    }
    return undefined;
  }

  /**
   * The condition that keeps within about the next `count` sessions of a list, by the first term of its order. It holds a constant: only
   * then does it end the walk along the index.
   * @returns undefined where no more than that follow
   */
  private async nearbyEnd(
    scope: Scope,
    { order: [first, ...ties], window }: PageQuery,
    count: number,
  ): Promise<SqlCondition | undefined> {
    if (first === undefined) return undefined;
    const { conditions, orderBy } = windowSql([first, ...ties], window);
    const where = [scopeCondition(scope, "s"), ...conditions];
    const [last] = await this.database.read<{ value: string | null }>(
      `SELECT ${first.column} AS value FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")}
       ORDER BY ${orderBy} LIMIT 1 OFFSET ${count}`,
      where.flatMap(({ parameters }) => parameters),
    );
    if (last === undefined) return undefined;
    // Sessions without a start come last, and are nearby only where they are few.
    if (last.value === null) return { sql: `${first.column} IS NOT NULL`, parameters: [] };
    return { sql: `${first.column} ${first.descending ? ">=" : "<="} ?`, parameters: [last.value] };
  }

  /**
   * The rows of a window, and one more. Which ones they are is decided by an index, where it holds all that is asked of; where no more
   * is asked than whose they are, the next entries of an index are the page, and their rows are read at once.
   */
  private async rows(
    { filter, order, window }: PageQuery,
    wanted: ReadonlySet<SessionField>,
    conditions: readonly SqlCondition[],
  ): Promise<SessionRow[]> {
    const { conditions: beyond, orderBy, limit } = windowSql(order, window);
    const where = [...conditions, ...beyond];
    const columns = selectList(sessions, "s", columnsOfPage(order, wanted));
    const isPlain =
      keptOrders.has(spelled(order)) &&
      Object.entries(filter).every(([name, asked]) => name === "organizationId" || !isPresent(asked));
    const page = (selected: string) =>
      `SELECT ${selected} FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")} ORDER BY ${orderBy} LIMIT ${limit}`;
    return await this.database.read<SessionRow>(
      isPlain
        ? page(columns)
        : `SELECT ${columns} FROM (${page("s.id")}) found JOIN sessions s ON s.id = found.id ORDER BY ${orderBy}`,
      where.flatMap(({ parameters }) => parameters),
    );
  }

  async count(scope: Scope, filter: object): Promise<number> {
    const where = this.matching(scope, filter);
    const [row] = await this.database.read<{ count: number | string }>(
      `SELECT COUNT(*) AS count FROM sessions s WHERE ${where.map(({ sql }) => sql).join(" AND ")}`,
      where.flatMap(({ parameters }) => parameters),
    );
    return Number(row?.count ?? 0);
  }

  /** How many sessions of each of these agent versions match, in one statement; versions of which none does are left out. */
  async countOfAgentVersions(
    scope: Scope,
    agentVersionIds: readonly string[],
    filter: object,
  ): Promise<ReadonlyMap<string, number>> {
    const where = this.matching(scope, filter);
    const rows = await this.database.read<{ id: string; count: number | string }>(
      `SELECT s.agent_version_id AS id, COUNT(*) AS count FROM sessions s
       WHERE s.agent_version_id IN (${placeholders(agentVersionIds)}) AND ${where.map(({ sql }) => sql).join(" AND ")}
       GROUP BY s.agent_version_id`,
      [...agentVersionIds, ...where.flatMap(({ parameters }) => parameters)],
    );
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }

  /**
   * The same window of sessions of each of many agent versions. Each version's part is a walk of its own along an index, so that what
   * is read does not grow with the sessions that a version has; a statement holds many such walks.
   */
  async ofAgentVersions(
    scope: Scope,
    agentVersionIds: readonly string[],
    query: PageQuery,
    fields: Iterable<SessionField>,
  ): Promise<Map<string, Slice<SessionRecord>>> {
    const wanted = new Set<SessionField>([...fields, "id", "agentVersionId"]);
    const byVersion = new Map<string, SessionRow[]>(agentVersionIds.map((id) => [id, []]));
    const { conditions, orderBy, limit } = windowSql(query.order, query.window);
    const where = [...this.matching(scope, query.filter, "each"), ...conditions];
    const walk = {
      sql: `SELECT s.id FROM sessions s WHERE s.agent_version_id = ? AND ${where.map(({ sql }) => sql).join(" AND ")}
        ORDER BY ${orderBy} LIMIT ${limit}`,
      parameters: where.flatMap(({ parameters }) => parameters),
    };
    const atOnce = Math.min(mostWalks, Math.ceil(mostParameters / (walk.parameters.length + 1)));
    for (let start = 0; start < agentVersionIds.length; start += atOnce) {
      const ids = agentVersionIds.slice(start, start + atOnce);
      const walks = ids.map((_, index) => `SELECT id FROM (${walk.sql}) v${index}`).join(" UNION ALL ");
      const rows = await this.database.read<SessionRow>(
        `SELECT ${selectList(sessions, "s", columnsOfPage(query.order, wanted))}
         FROM (${walks}) found JOIN sessions s ON s.id = found.id ORDER BY ${orderBy}`,
        ids.flatMap((id) => [id, ...walk.parameters]),
      );
      for (const row of rows) byVersion.get(row.agentVersionId)?.push(row);
    }
    const slices = Array.from(byVersion, async ([id, own]) => {
      const slice = toSlice(own, query.window);
      const records = await this.records(scope, slice.rows, wanted, query.order);
      return [id, { ...slice, rows: records }] as const;
    });
    return new Map(await Promise.all(slices));
  }

  /** Which of these sessions match a filter. */
  async matchingIds(scope: Scope, filter: object, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const where = this.matching(scope, filter, "each");
    const rows = await this.database.read<{ id: string }>(
      `SELECT s.id FROM sessions s WHERE s.id IN (${placeholders(ids)}) AND ${where.map(({ sql }) => sql).join(" AND ")}`,
      [...ids, ...where.flatMap(({ parameters }) => parameters)],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** The one way from rows to what is served: masked where the scope says so. */
  private async records(
    scope: Scope,
    rows: readonly SessionRow[],
    wanted: ReadonlySet<SessionField>,
    order: readonly OrderTerm[],
  ): Promise<SessionRecord[]> {
    return await maskAnalyzed(
      this.database,
      scope,
      rows.map((row) => toRecord(row, wanted, order)),
    );
  }

  private matching(scope: Scope, filter: object, ask: Asking = "all") {
    return sessionConditions(scope, filter, { dialect: this.database.dialect, ask });
  }
}

/** Cursors are made of the columns that a page is ordered by. */
function columnsOfPage(order: readonly OrderTerm[], wanted: Iterable<SessionField>): Set<keyof SessionRow> {
  return columnsFor(
    wanted,
    order.map(({ property }) => property as keyof SessionRow),
  );
}

function columnsFor(
  fields: Iterable<SessionField>,
  further: readonly (keyof SessionRow)[] = [],
): Set<keyof SessionRow> {
  const columns = new Set<keyof SessionRow>(further);
  for (const field of fields) {
    for (const column of columnsOf[field] ?? [field as keyof SessionRow]) columns.add(column);
  }
  return columns;
}

/** Receipt times are our own clock's, in milliseconds. */
const receiptDecimals = 3;

/** Turns the row itself into the record: copying each took as long as reading it. */
function toRecord(
  row: SessionRow,
  fields: ReadonlySet<SessionField>,
  order: readonly OrderTerm[],
): SessionRecord {
  const record = row as unknown as Record<string, unknown>;
  record.position = order.map(({ property }) => row[property as keyof SessionRow]);
  const instants = (
    name: "startedAt" | "endedAt" | "analyzedAt" | "createdAt" | "updatedAt",
    decimals: number | null,
  ) => {
    const value = row[name];
    if (fields.has(name) && value !== null) record[name] = fromDatetime(value, decimals ?? 6);
  };
  instants("startedAt", row.startedAtDecimals);
  instants("endedAt", row.endedAtDecimals);
  instants("analyzedAt", receiptDecimals);
  instants("createdAt", receiptDecimals);
  instants("updatedAt", receiptDecimals);
  if (fields.has("status")) record.status = statuses[row.lifecycle - 1];
  if (fields.has("customAnalysisData") && row.customAnalysisData !== null) {
    record.customAnalysisData = JSON.parse(row.customAnalysisData);
  }
  return record as unknown as SessionRecord;
}
