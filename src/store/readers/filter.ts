import { BadInputError } from "../../errors.js";
import type { SqlValue } from "../sql/transaction.js";
import type { Dialect } from "../sql/dialect.js";
import { caseVariants } from "../sql/letter-case.js";
import { placeholders } from "../sql/statements.js";
import { textPrefix } from "../../model/analysis.js";
import type { SqlCondition } from "./scope.js";

/**
 * What a filter may ask of one field. Everything given must hold. A field without a value (null) matches
 * `neq`, `nin` and `null: true` only.
 */
export interface Comparator<Value> {
  readonly eq?: Value | null;
  readonly neq?: Value | null;
  readonly in?: readonly Value[] | null;
  readonly nin?: readonly Value[] | null;
  readonly gt?: Value | null;
  readonly gte?: Value | null;
  readonly lt?: Value | null;
  readonly lte?: Value | null;
  readonly null?: boolean | null;
  readonly contains?: string | null;
  readonly startsWith?: string | null;
  readonly eqIgnoreCase?: string | null;
  readonly containsIgnoreCase?: string | null;
}

/** A filter: comparators by field, and `and`, `or`, `not` of filters. An empty one matches everything. */
export interface Filter {
  readonly and?: readonly Filter[] | null;
  readonly or?: readonly Filter[] | null;
  readonly not?: Filter | null;
}

/** Matches everything. */
export const noFilter = Object.freeze({});

/** How one scalar field of a filter reads in SQL. */
export interface FilterField {
  readonly column: string;
  readonly nullable: boolean;
  /** What is asked of the column, where it is not its value. */
  readonly expression?: (column: string, row: string) => string;
  /** Texts compare by code points; MySQL ignores trailing spaces unless told otherwise. */
  readonly isText?: boolean;
  /** A text that the dialect may keep packed. */
  readonly isPacked?: boolean;
  /** A column of ASCII, which must not meet other characters on MySQL. */
  readonly isAscii?: boolean;
  /** The column of a text's first 191 characters, where an index holds those alone. */
  readonly prefixColumn?: string;
  /**
   * The stored form of a value, where it differs from GraphQL's: an enum's rank, a DATETIME's text, an id in
   * lower case.
   */
  readonly stored?: (value: never) => SqlValue;
}

/** A field that asks of other tables: it compiles itself. */
export type FilterRelation = (value: never, alias: string, place: FilterPlace) => SqlCondition;

export type FilterFields = Readonly<Record<string, FilterField | FilterRelation>>;

/** Where in a filter the compiler stands. */
export interface FilterPlace {
  readonly dialect: Dialect;
  readonly form: SubqueryForm;
  /** Such as `filter.and.0`. */
  readonly path: string;
  readonly depth: number;
  readonly tally: { conditions: number; values: number; letters: number; reads: number };
}

/**
 * How conditions on other tables are put. Of `all` rows: the database may begin with those tables' indexes
 * (the full-text index among them) and find every row that matches. Of `each` row by itself: the rows are
 * walked in their order, which is the better where few are asked about or most match. Both find the same
 * rows.
 */
export type SubqueryForm = "all" | "each";

/** A filter in SQL. */
export interface CompiledFilter extends SqlCondition {
  /** About how many rows of other tables it reads to decide on one row, asked of each. */
  readonly reads: number;
}

const greatestDepth = 10;
/** Filters within filters count like conditions: SQLite parses no more than about 1,000 terms in a row. */
const mostConditions = 200;
/** Of the whole filter: each costs a comparison for each row. */
const mostValues = 500;
/** Each letter of them is looked for in all its spellings: long enough for an e-mail address. */
const longestIgnoringCase = 255;
/** Of the whole filter: each is folded in each row. */
const mostLetters = 500;
/** Of other tables, to decide on one session: a dozen times its messages. */
const mostReads = 200;

/**
 * About how many rows of other tables are read to ask one of these of a session; each message is found
 * through its row in session_messages.
 */
export const readsOf = { messages: 16, analysisHistory: 2, answer: 1, search: 1 } as const;

/**
 * Whether an index finds the rows that match. Of all others the sessions are asked one by one: MySQL would
 * read every row of the other table first.
 * @param indexed the fields by which an index finds rows
 */
export function isFindable(filter: Filter, indexed: readonly string[]): boolean {
  const own = Object.entries(filter).some(([name, comparator]: [string, unknown]) => {
    const { eq, in: among } = (comparator ?? {}) as Comparator<unknown>;
    return indexed.includes(name) && (isPresent(eq) || isPresent(among));
  });
  const { and, or } = filter;
  return (
    own ||
    (and ?? []).some((each) => isFindable(each, indexed)) ||
    (isPresent(or) && or.every((each) => isFindable(each, indexed)))
  );
}

/** What a filter is compiled for. */
interface Purpose {
  readonly fields: FilterFields;
  readonly alias: string;
  readonly dialect: Dialect;
  readonly form: SubqueryForm;
}

/** By filters that cannot change: what comes again is the same object. */
const compiledBefore = new WeakMap<object, (Purpose & { readonly compiled: CompiledFilter })[]>();

/** Compiles a filter to SQL; `alias` names its table. */
export function compileFilter(
  filter: object,
  fields: FilterFields,
  alias: string,
  { dialect, form = "all" }: { readonly dialect: Dialect; readonly form?: SubqueryForm },
): CompiledFilter {
  const purpose = { fields, alias, dialect, form };
  if (!Object.isFrozen(filter)) return compileAnew(filter, purpose);
  const before = compiledBefore.get(filter) ?? [];
  const known = before.find(
    (other) =>
      other.fields === fields && other.alias === alias && other.dialect === dialect && other.form === form,
  );
  if (known !== undefined) return known.compiled;
  const compiled = compileAnew(filter, purpose);
  compiledBefore.set(filter, [...before, { ...purpose, compiled }]);
  return compiled;
}

function compileAnew(filter: object, { fields, alias, dialect, form }: Purpose): CompiledFilter {
  const tally = { conditions: 0, values: 0, letters: 0, reads: 0 };
  const condition = compileNested(filter, fields, alias, { dialect, form, path: "filter", depth: 1, tally });
  return { ...condition, reads: tally.reads };
}

/**
 * Compiles a part of a filter.
 * @throws BadInputError naming the part that is too deep, too long or too many
 */
export function compileNested(
  filter: object,
  fields: FilterFields,
  alias: string,
  place: FilterPlace,
): SqlCondition {
  demand(place.depth <= greatestDepth, place.path, `must not be nested deeper than ${greatestDepth} levels`);
  countCondition(place);
  const nested = (value: object, path: string) => compileNested(value, fields, alias, within(place, path));
  const parts = Object.entries(filter).flatMap(([name, value]: [string, unknown]): SqlCondition[] => {
    if (value === undefined || value === null) return [];
    countCondition(place);
    if (name === "and" || name === "or") {
      const all = (value as object[]).map((each, index) => nested(each, `${name}.${index}`));
      return [join(all, name === "and" ? "AND" : "OR")];
    }
    if (name === "not") return [negate(nested(value, "not"))];
    const field = fields[name];
    if (field === undefined) throw new Error(`The filter field ${name} is not mapped to a column.`);
    if (typeof field === "function") return [field(value as never, alias, within(place, name))];
    return [compileComparator(value, field, alias, within(place, name))];
  });
  return join(parts, "AND");
}

function countCondition({ tally, path }: FilterPlace): void {
  tally.conditions += 1;
  demand(tally.conditions <= mostConditions, path, `must not hold more than ${mostConditions} conditions`);
}

export function within(place: FilterPlace, step: string): FilterPlace {
  return { ...place, path: `${place.path}.${step}`, depth: place.depth + 1 };
}

/** @throws BadInputError naming the field and the rule */
export function demand(isMet: boolean, field: string, rule: string): void {
  if (!isMet) throw new BadInputError(`${field}: ${rule}.`, [{ field, rule }]);
}

/** AND of nothing is true, OR of nothing is false. */
export function join(parts: readonly SqlCondition[], operator: "AND" | "OR"): SqlCondition {
  if (parts.length === 0) return { sql: operator === "AND" ? "1 = 1" : "1 = 0", parameters: [] };
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(` ${operator} `),
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

/**
 * That a subquery finds something. Optimizers turn a plain EXISTS into a join and may then begin with the
 * other table; as an argument of a function it stays what it is.
 * @param reads about how many rows it reads
 */
export function exists(
  subquery: SqlCondition,
  reads: number,
  { form, tally, path }: FilterPlace,
): SqlCondition {
  tally.reads += reads;
  const { messages, analysisHistory } = readsOf;
  demand(
    tally.reads <= mostReads,
    path,
    "has too many conditions on other objects: one on messages counts " +
      `${messages}, on the analysis history ${analysisHistory}, on an answer or a search 1; at most ${mostReads} together`,
  );
  const sql = `EXISTS (${subquery.sql})`;
  return { sql: form === "each" ? `COALESCE(${sql}, 0)` : sql, parameters: subquery.parameters };
}

/** SQL's unknown counts as false, so that `not` turns exactly what did not match into what matches. */
export function negate({ sql, parameters }: SqlCondition): SqlCondition {
  return { sql: `NOT COALESCE(${sql}, 1 = 0)`, parameters };
}

export function compileComparator(
  comparator: Comparator<unknown>,
  field: FilterField,
  alias: string,
  { dialect, path, tally }: FilterPlace,
): SqlCondition {
  const own = `${alias}.${field.column}`;
  const column = field.isPacked ? dialect.unpacked(own) : (field.expression?.(own, alias) ?? own);
  const ascii = (value: unknown) => (field.isAscii && typeof value === "string" ? asciiOnly(value) : value);
  const stored = (value: unknown): SqlValue => field.stored?.(value as never) ?? (ascii(value) as SqlValue);
  const parts: SqlCondition[] = [];
  const add = (sql: string, ...values: SqlValue[]) => parts.push({ sql, parameters: values });
  const { eq, neq, in: among, nin, null: isNull, contains, startsWith } = comparator;
  // GraphQL's literals know no greatest number.
  for (const [name, value] of Object.entries(comparator) as [string, unknown][])
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
      demand(typeof each !== "number" || Number.isFinite(each), `${path}.${name}`, "must be a finite number");
  for (const [name, values] of Object.entries({ in: among, nin })) {
    tally.values += (values ?? []).length;
    demand(
      tally.values <= mostValues,
      `${path}.${name}`,
      `must not hold more than ${mostValues} values, with all lists of the filter`,
    );
  }
  const prefixed = {
    ...field,
    ...(field.prefixColumn && { prefixColumn: `${alias}.${field.prefixColumn}` }),
  };
  if (isPresent(eq)) parts.push(equals(column, stored(eq), prefixed, dialect));
  if (isPresent(neq)) parts.push(negate(equals(column, stored(neq), prefixed, dialect)));
  if (isPresent(among)) parts.push(oneOf(column, among.map(stored), prefixed, dialect));
  if (isPresent(nin)) parts.push(negate(oneOf(column, nin.map(stored), prefixed, dialect)));
  for (const [name, operator] of orderings) {
    const bound = comparator[name];
    if (isPresent(bound)) add(`${column} ${operator} ?`, stored(bound));
  }
  if (isPresent(isNull)) add(`${field.isPacked ? own : column} IS ${isNull ? "" : "NOT "}NULL`);
  if (isPresent(contains)) add(`INSTR(${column}, ?) > 0`, stored(contains));
  if (isPresent(startsWith)) add(`INSTR(${column}, ?) = 1`, stored(startsWith));
  for (const [name, isWhole] of ignoringCase) {
    const text = comparator[name];
    if (!isPresent(text)) continue;
    const characters = Array.from(text);
    demand(
      characters.length <= longestIgnoringCase,
      `${path}.${name}`,
      `must have at most ${longestIgnoringCase} characters`,
    );
    tally.letters += new Set(characters).size;
    demand(
      tally.letters <= mostLetters,
      `${path}.${name}`,
      `must not have more than ${mostLetters} different letters, with all such texts of the filter`,
    );
    const spellings = characters.map((character) => spellingsIn(field, character));
    parts.push(dialect.matchesSpellings(column, spellings, isWhole));
  }
  return join(parts, "AND");
}

const ignoringCase = [
  ["eqIgnoreCase", true],
  ["containsIgnoreCase", false],
] as const;

function spellingsIn(field: FilterField, character: string): readonly string[] {
  const spellings = caseVariants(character);
  return field.isAscii ? [...new Set(spellings.map((spelling) => asciiOnly(spelling)))] : spellings;
}

/** DEL, which no code of ours holds, stands for all other characters. */
function asciiOnly(text: string): string {
  return text.replace(/[^ -~]/g, "\x7f");
}

const orderings = [
  ["gt", ">"],
  ["gte", ">="],
  ["lt", "<"],
  ["lte", "<="],
] as const;

export function isPresent<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

function oneOf(
  column: string,
  values: readonly SqlValue[],
  field: FilterField,
  dialect: Dialect,
): SqlCondition {
  if (values.length === 0) return { sql: "1 = 0", parameters: [] };
  const among = { sql: `${column} IN (${placeholders(values)})`, parameters: values };
  if (field.isText !== true) return among;
  // Where texts are compared exactly no more is needed; and SQLite parses no more than about 1,000 terms in a
  // row.
  if (!dialect.padsTexts) {
    if (field.prefixColumn === undefined) return among;
    const prefixes = values.map((value) => textPrefix(String(value)));
    return join(
      [{ sql: `${field.prefixColumn} IN (${placeholders(values)})`, parameters: prefixes }, among],
      "AND",
    );
  }
  return join(
    values.map((value) => equals(column, value, field, dialect)),
    "OR",
  );
}

/** MySQL's comparison pads with spaces ('SMS' = 'SMS '), so the length must agree too. */
export function equals(column: string, value: SqlValue, field: FilterField, dialect: Dialect): SqlCondition {
  const parts: SqlCondition[] = [{ sql: `${column} = ?`, parameters: [value] }];
  if (field.isText === true && dialect.padsTexts)
    parts.push({ sql: `LENGTH(${column}) = LENGTH(?)`, parameters: [value] });
  if (field.prefixColumn !== undefined && typeof value === "string")
    parts.unshift({ sql: `${field.prefixColumn} = ?`, parameters: [textPrefix(value)] });
  return {
    sql: parts.map(({ sql }) => sql).join(" AND "),
    parameters: parts.flatMap((part) => part.parameters),
  };
}
