import type { ClassType } from "type-graphql";
import { EntitySchema, type EntitySchemaColumnOptions } from "typeorm";
import { type Property, propertiesOf, type Row, tableTraitsOf } from "../../model/declare.js";
import type { Dialect } from "./dialect.js";

/** A declared class as SQL and TypeORM see it. `Stored` is what its rows hold. */
export interface Table<Stored extends object> {
  readonly name: string;
  readonly key: readonly (keyof Stored & string)[];
  /** Every property that is stored, in the order of declaration. */
  readonly properties: readonly (keyof Stored & string)[];
  /** Those that may be null. */
  readonly nullable: ReadonlySet<string>;
  /** Those that are packed where the dialect packs texts. */
  readonly packed: ReadonlySet<string>;
  entity(dialect: Dialect): EntitySchema<Stored>;
  /** The SQL name of a property: `startedAt` → `started_at`. */
  column(property: keyof Stored & string): string;
  /** What a statement reads the property from, in the row with this alias: `s.started_at`. */
  value(property: keyof Stored & string, row: string): string;
}

/** What a table is, whatever its rows hold. */
type AnyTable = Table<Record<string, unknown>>;

const made = new WeakMap<object, AnyTable>();

/** The table that a class is declared to be stored in. */
export function tableOf<Type extends object, Stored extends object = Row<Type>>(
  type: ClassType<Type>,
): Table<Stored> {
  const table = made.get(type) ?? makeTable(type);
  made.set(type, table);
  return table as unknown as Table<Stored>;
}

function makeTable(type: ClassType): AnyTable {
  const { table, indices = [] } = tableTraitsOf(type);
  const properties = propertiesOf(type);
  const byName = new Map(properties.map((property) => [property.name, property]));
  const known = (name: string): Property => {
    const property = byName.get(name);
    if (property === undefined) throw new Error(`${type.name}.${name} is not stored.`);
    return property;
  };
  return {
    name: table,
    key: properties.filter(({ traits }) => traits.primary).map(({ name }) => name),
    properties: properties.map(({ name }) => name),
    nullable: new Set(properties.filter(({ traits }) => traits.nullable).map(({ name }) => name)),
    packed: new Set(properties.filter(({ kind }) => kind.isPacked).map(({ name }) => name)),
    column: (property) => {
      const { column, traits } = known(property);
      if (traits.derived) throw new Error(`${type.name}.${property} is no column of its own.`);
      return column;
    },
    value: (property, row) => {
      const { column, traits } = known(property);
      return traits.derived?.(row) ?? `${row}.${column}`;
    },
    entity: (dialect) =>
      new EntitySchema<Record<string, unknown>>({
        name: table,
        tableName: table,
        columns: Object.fromEntries(
          properties.map((property) => [property.name, columnOptions(property, dialect)]),
        ),
        indices: indices
          .filter(({ fulltext }) => fulltext !== true || dialect.hasFullTextIndexes)
          .map((index) => ({ ...index, columns: [...index.columns] })),
      }),
  };
}

function columnOptions({ kind, column, traits }: Property, dialect: Dialect): EntitySchemaColumnOptions {
  const { types } = dialect;
  const options = {
    name: column,
    ...(traits.nullable && { nullable: true }),
    ...(traits.primary && { primary: true }),
    ...(traits.default !== undefined && { default: traits.default }),
  };
  const { column: type } = kind;
  return "length" in type ? types[type.type](type.length, options) : types[type.type](options);
}
