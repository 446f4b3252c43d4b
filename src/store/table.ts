import {
  EntitySchema,
  type EntitySchemaColumnOptions,
  type EntitySchemaIndexOptions,
  type EntitySchemaOptions,
} from "typeorm";
import { type ColumnTypes, columnTypes, type Dialect } from "./dialect.js";

/** A table: its TypeORM entity for each dialect, and the names that SQL needs. `Row` is what the rest of the code sees. */
export interface Table<Row extends object> {
  readonly name: string;
  readonly key: readonly (keyof Row & string)[];
  entity(dialect: Dialect): EntitySchema<Row>;
  /** The SQL name of a property: `startedAt` → `started_at`. */
  column(property: keyof Row & string): string;
}

export interface TableDefinition<Row extends object> {
  readonly name: string;
  columns(types: ColumnTypes): Record<keyof Row & string, EntitySchemaColumnOptions>;
  readonly indices?: readonly (EntitySchemaIndexOptions & {
    name: string;
    columns: (keyof Row & string)[];
  })[];
}

/** Defines a table once for all dialects; columns are named in snake_case after their properties. */
export function defineTable<Row extends object>(definition: TableDefinition<Row>): Table<Row> {
  const columns = definition.columns(columnTypes("mysql"));
  const names = Object.keys(columns) as (keyof Row & string)[];
  const sqlNames = new Map<string, string>(names.map((name) => [name, snakeCase(name)]));
  return {
    name: definition.name,
    key: names.filter((name) => columns[name].primary === true),
    column: (property) => sqlNames.get(property) ?? snakeCase(property),
    entity: (dialect) =>
      new EntitySchema<Row>({
        name: definition.name,
        tableName: definition.name,
        columns: Object.fromEntries(
          Object.entries<EntitySchemaColumnOptions>(definition.columns(columnTypes(dialect))).map(
            ([property, column]) => [property, { ...column, name: snakeCase(property) }],
          ),
        ) as EntitySchemaOptions<Row>["columns"],
        indices: (definition.indices ?? []).filter(
          ({ fulltext }) => fulltext !== true || dialect !== "sqlite",
        ),
      }),
  };
}

function snakeCase(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
