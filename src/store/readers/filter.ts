import type { SqlValue } from "../database.js";
import type { Dialect } from "../dialect.js";
import { placeholders } from "../statements.js";
import type { SqlCondition } from "./scope.js";

/**
 * What a filter may ask of one field. Everything given must hold. A field without a value (null) matches `neq`, `nin` and
 * `null: true` only.
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
}

/** A filter: comparators by field, and `and`, `or`, `not` of filters. An empty one matches everything. */
export interface Filter {
  readonly and?: readonly Filter[] | null;
  readonly or?: readonly Filter[] | null;
  readonly not?: Filter | null;
}

/** How one field of a filter reads in SQL. */
export interface FilterField {
  readonly column: string;
  readonly nullable: boolean;
  /** Texts compare by code points; MySQL ignores trailing spaces unless told otherwise. */
  readonly isText?: boolean;
  /** The stored form of a value, where it differs from GraphQL's: an enum's rank, a DATETIME's text. */
  readonly stored?: (value: never) => SqlValue;
}

export type FilterFields = Readonly<Record<string, FilterField>>;

/** Compiles a filter on one table to SQL. */
export function compileFilter(
  filter: object,
  fields: FilterFields,
  alias: string,
  dialect: Dialect,
): SqlCondition {
  const parts = Object.entries(filter).flatMap(([name, value]: [string, unknown]): SqlCondition[] => {
    if (value === undefined || value === null) return [];
    if (name === "and") return (value as object[]).map((each) => compileFilter(each, fields, alias, dialect));
    if (name === "or")
      return [
        join(
          (value as object[]).map((each) => compileFilter(each, fields, alias, dialect)),
          "OR",
        ),
      ];
    if (name === "not") return [negate(compileFilter(value, fields, alias, dialect))];
    const field = fields[name];
    if (field === undefined) throw new Error(`The filter field ${name} is not mapped to a column.`);
    return [compileComparator(value, field, alias, dialect)];
  });
  return join(parts, "AND");
}

/** AND of nothing is true, OR of nothing is false. */
function join(parts: readonly SqlCondition[], operator: "AND" | "OR"): SqlCondition {
  if (parts.length === 0) return { sql: operator === "AND" ? "1 = 1" : "1 = 0", parameters: [] };
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(` ${operator} `),
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

/** SQL's unknown counts as false, so that `not` turns exactly what did not match into what matches. */
function negate({ sql, parameters }: SqlCondition): SqlCondition {
  return { sql: `NOT COALESCE(${sql}, 1 = 0)`, parameters };
}

function compileComparator(
  comparator: Comparator<unknown>,
  field: FilterField,
  alias: string,
  dialect: Dialect,
): SqlCondition {
  const column = `${alias}.${field.column}`;
  const stored = (value: unknown): SqlValue => field.stored?.(value as never) ?? (value as SqlValue);
  const parts: SqlCondition[] = [];
  const add = (sql: string, ...values: SqlValue[]) => parts.push({ sql, parameters: values });
  const { eq, neq, in: among, nin, null: isNull, contains, startsWith } = comparator;
  if (isPresent(eq)) parts.push(equals(column, stored(eq), field, dialect));
  if (isPresent(neq)) parts.push(negate(equals(column, stored(neq), field, dialect)));
  if (isPresent(among)) parts.push(oneOf(column, among.map(stored), field, dialect));
  if (isPresent(nin)) parts.push(negate(oneOf(column, nin.map(stored), field, dialect)));
  for (const [name, operator] of orderings) {
    const bound = comparator[name];
    if (isPresent(bound)) add(`${column} ${operator} ?`, stored(bound));
  }
  if (isPresent(isNull)) add(`${column} IS ${isNull ? "" : "NOT "}NULL`);
  if (isPresent(contains)) add(`INSTR(${column}, ?) > 0`, contains);
  if (isPresent(startsWith)) add(`SUBSTR(${column}, 1, ${Array.from(startsWith).length}) = ?`, startsWith);
  return join(parts, "AND");
}

const orderings = [
  ["gt", ">"],
  ["gte", ">="],
  ["lt", "<"],
  ["lte", "<="],
] as const;

function isPresent<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

function oneOf(
  column: string,
  values: readonly SqlValue[],
  field: FilterField,
  dialect: Dialect,
): SqlCondition {
  if (values.length === 0) return { sql: "1 = 0", parameters: [] };
  if (field.isText !== true) return { sql: `${column} IN (${placeholders(values)})`, parameters: values };
  return join(
    values.map((value) => equals(column, value, field, dialect)),
    "OR",
  );
}

/** MySQL's comparison pads with spaces ('SMS' = 'SMS '), so the length must agree too. */
function equals(column: string, value: SqlValue, field: FilterField, dialect: Dialect): SqlCondition {
  if (field.isText === true && dialect !== "sqlite") {
    return { sql: `${column} = ? AND LENGTH(${column}) = LENGTH(?)`, parameters: [value, value] };
  }
  return { sql: `${column} = ?`, parameters: [value] };
}
