import { BadInputError, ForbiddenError } from "../../errors.js";
import type { SqlReader, SqlValue } from "../sql/transaction.js";
import { demand, equals } from "./filter.js";
import type { Scope, SqlCondition } from "./scope.js";
import { statuses } from "../../model/session.js";
import { conditionsOfAll } from "./session-search.js";
import { type Bucket, TimeBuckets, type TimeInterval } from "./time-buckets.js";

/** What sessions can be grouped by; ANSWER needs the question's name. */
export type GroupField = keyof typeof columnsOf | "ANSWER";

export interface GroupTerm {
  readonly field: GroupField;
  readonly question?: string | null;
}

export interface StatsQuery {
  readonly filter: object;
  readonly groupBy: readonly GroupTerm[];
  readonly interval?: TimeInterval | null;
  readonly timeZone?: string | null;
}

/** One group of sessions within one stretch of time. */
export interface StatsRecord {
  readonly bucket: Bucket | null;
  /** The values of the terms of `groupBy`, in its order. */
  readonly values: readonly unknown[];
  count: number;
  messageCount: number;
  failedMessageCount: number;
  manualMessageCount: number;
  /** Sessions with such messages. */
  manualCount: number;
  /** Sessions of which both ends are known, and their duration in all. */
  timedCount: number;
  seconds: number;
  /** How many sessions have each value (null: none). */
  readonly ratings: Map<string | null, number>;
  readonly sentiments: Map<string | null, number>;
}

const columnsOf = {
  AGENT: "s.agent_id",
  AGENT_VERSION: "s.agent_version_id",
  ORGANIZATION: "s.organization_id",
  STATUS: "s.lifecycle",
  ENDED_REASON: "s.ended_reason",
  COMPLETION_RATING: "s.chat_completion_rating",
  SENTIMENT: "s.user_sentiment",
  LANGUAGE: "s.language",
} as const;

/** The others are ids and numbers. */
const texts: ReadonlySet<GroupField> = new Set([
  "ENDED_REASON",
  "COMPLETION_RATING",
  "SENTIMENT",
  "LANGUAGE",
]);

/** By what a group's sessions can be counted besides. */
export type Split = keyof typeof splitColumns;

const splitColumns = { rating: "s.chat_completion_rating", sentiment: "s.user_sentiment" } as const;

const mostTerms = 4;
const mostRows = 100_000;

type Row = Readonly<Record<string, string | number | null>>;

/** Counts sessions within a scope, by groups and by time. */
export class StatsReader {
  constructor(private readonly database: SqlReader) {}

  /**
   * @param splits by which values each group's sessions are counted too; their maps are empty where they are
   * left out
   */
  async read(scope: Scope, query: StatsQuery, splits: readonly Split[]): Promise<StatsRecord[]> {
    demandGroups(scope, query.groupBy);
    // An unknown time zone is refused also where no interval asks for it.
    const inZone = new TimeBuckets(query.interval ?? "day", query.timeZone ?? "UTC");
    const buckets = query.interval ? inZone : undefined;
    const groups = new Groups(query.groupBy, buckets, splits);
    const conditions = await conditionsOfAll(this.database, scope, query.filter);
    for (const row of await this.rows(this.parts(query, conditions, buckets), splits)) groups.add(row);
    return groups.all();
  }

  private async rows({ keys, joins, where }: StatementParts, splits: readonly Split[]): Promise<Row[]> {
    const seconds = this.database.dialect.secondsBetween("s.started_at", "s.ended_at");
    const group = [...keys.group, ...splits.flatMap((split) => exactly(splitColumns[split]))];
    const rows = await this.database.read<Row>(
      `SELECT ${[...keys.select, ...splits.map((split) => `${splitColumns[split]} AS ${split}`), ""].join(", ")}
         COUNT(*) AS count, SUM(s.message_count) AS messages, SUM(s.failed_message_count) AS failed,
         SUM(s.manual_message_count) AS manual, SUM(CASE WHEN s.manual_message_count > 0 THEN 1 ELSE 0 END) AS stepped,
         SUM(${seconds}) AS seconds,
         SUM(CASE WHEN s.started_at IS NULL OR s.ended_at IS NULL THEN 0 ELSE 1 END) AS timed
       FROM sessions s ${joins.sql} WHERE ${where.sql}
       ${group.length === 0 ? "" : `GROUP BY ${group.join(", ")}`} LIMIT ${mostRows + 1}`,
      [...joins.parameters, ...where.parameters],
    );
    if (rows.length <= mostRows) return rows;
    throw new BadInputError("groupBy: makes too many groups. Use a narrower filter, or fewer keys.", [
      { field: "groupBy", rule: `must not make more than ${mostRows} groups` },
    ]);
  }

  private parts(
    { groupBy }: StatsQuery,
    conditions: readonly SqlCondition[],
    buckets?: TimeBuckets,
  ): StatementParts {
    const { dialect } = this.database;
    const keys: { select: string[]; group: string[] } = { select: [], group: [] };
    const joins = { sql: "", parameters: [] as SqlValue[] };
    if (buckets) {
      const moment = `SUBSTR(s.started_at, 1, ${buckets.precision})`;
      keys.select.push(`${moment} AS moment`);
      keys.group.push(moment);
    }
    for (const [index, term] of groupBy.entries()) {
      if (term.field !== "ANSWER") {
        keys.select.push(`${columnsOf[term.field]} AS k${index}`);
        keys.group.push(...(texts.has(term.field) ? exactly : single)(columnsOf[term.field]));
        continue;
      }
      const alias = `a${index}`;
      const named = equals(
        `${alias}.name`,
        term.question ?? "",
        { column: "", nullable: false, isText: true },
        dialect,
      );
      joins.sql += ` LEFT JOIN analysis_answers ${alias} ON ${alias}.session_id = s.id AND ${named.sql}`;
      joins.parameters.push(...named.parameters);
      for (const [name, column] of [
        ["s", "string_value"],
        ["n", "number_value"],
        ["b", "boolean_value"],
      ] as const) {
        keys.select.push(`${alias}.${column} AS k${index}${name}`);
        keys.group.push(...(name === "s" ? exactly(`${alias}.${column}`) : [`${alias}.${column}`]));
      }
    }
    const where = {
      sql: conditions.map(({ sql }) => sql).join(" AND "),
      parameters: conditions.flatMap(({ parameters }) => parameters),
    };
    return { keys, joins, where };
  }
}

interface StatementParts {
  readonly keys: { readonly select: readonly string[]; readonly group: readonly string[] };
  readonly joins: { readonly sql: string; readonly parameters: readonly SqlValue[] };
  readonly where: { readonly sql: string; readonly parameters: readonly SqlValue[] };
}

const single = (column: string) => [column];

/** MySQL groups 'sms' with 'sms ' unless their lengths count too. */
function exactly(column: string): string[] {
  return [column, `LENGTH(${column})`];
}

function demandGroups(scope: Scope, groupBy: readonly GroupTerm[]): void {
  demand(groupBy.length <= mostTerms, "groupBy", `must not have more than ${mostTerms} keys`);
  for (const [index, { field, question }] of groupBy.entries()) {
    const path = `groupBy.${index}.question`;
    const asks = question !== null && question !== undefined;
    demand(asks === (field === "ANSWER"), path, "must be given where the field is ANSWER, and only there");
    demand((question ?? "").length <= 255, path, "must have at most 255 characters");
    if (asks && scope.masked)
      throw new ForbiddenError(`${path}: is withheld from masked readers.`, [
        { field: path, rule: "is withheld from masked readers" },
      ]);
  }
}

/** Puts rows of the database together: several of its stretches make one of ours. */
class Groups {
  private readonly records = new Map<string, StatsRecord>();

  constructor(
    private readonly terms: readonly GroupTerm[],
    private readonly buckets: TimeBuckets | undefined,
    private readonly splits: readonly Split[],
  ) {}

  add(row: Row): void {
    const count = Number(row.count);
    // Where nothing is grouped by, SQL counts no sessions as one group of none.
    if (count === 0) return;
    const record = this.recordOf(row);
    record.count += count;
    record.messageCount += Number(row.messages);
    record.failedMessageCount += Number(row.failed);
    record.manualMessageCount += Number(row.manual);
    record.manualCount += Number(row.stepped);
    record.timedCount += Number(row.timed);
    record.seconds += Number(row.seconds ?? 0);
    const counted = { rating: record.ratings, sentiment: record.sentiments };
    for (const split of this.splits) increase(counted[split], textOf(row[split]), count);
  }

  all(): StatsRecord[] {
    return Array.from(this.records)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, record]) => record);
  }

  private recordOf(row: Row): StatsRecord {
    const { moment } = row;
    const bucket = this.buckets && typeof moment === "string" ? this.buckets.bucketOf(moment) : null;
    const values = this.terms.map(({ field }, index) => valueOf(field, row, index));
    const key = JSON.stringify([bucket?.from ?? "", values]);
    let record = this.records.get(key);
    if (record === undefined) {
      record = {
        bucket,
        values,
        count: 0,
        messageCount: 0,
        failedMessageCount: 0,
        manualMessageCount: 0,
        manualCount: 0,
        timedCount: 0,
        seconds: 0,
        ratings: new Map(),
        sentiments: new Map(),
      };
      this.records.set(key, record);
    }
    return record;
  }
}

function valueOf(field: GroupField, row: Row, index: number): unknown {
  if (field === "STATUS") return statuses[Number(row[`k${index}`]) - 1];
  if (field !== "ANSWER") return row[`k${index}`] ?? null;
  const [text, number, truth] = ["s", "n", "b"].map((name) => row[`k${index}${name}`] ?? null);
  return (
    text ??
    (number === null || number === undefined ? null : Number(number)) ??
    (isNone(truth) ? null : Number(truth) === 1)
  );
}

function isNone(value: unknown): boolean {
  return value === null || value === undefined;
}

function textOf(value: string | number | null | undefined): string | null {
  return isNone(value) ? null : String(value);
}

function increase(counts: Map<string | null, number>, value: string | null, by: number): void {
  counts.set(value, (counts.get(value) ?? 0) + by);
}
