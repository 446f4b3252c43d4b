import type { DataSource } from "typeorm";
import { pendingSchemaChanges } from "../../src/store/migrations/migrate.js";
import type { Dialect } from "../../src/store/sql/dialect.js";
import { mysql } from "../../src/store/sql/mysql.dialect.js";
import { sqlite } from "../../src/store/sql/sqlite.dialect.js";
import { tables } from "../../src/store/sql/tables.js";

/** A declared column that no migration makes yet. */
export interface AddedColumn {
  readonly table: string;
  readonly column: string;
  /** What follows its name in ALTER TABLE … ADD, for each dialect of the migrations. */
  readonly definitions: Readonly<Record<MigratedDialect, string>>;
}

/** Each has a folder of migrations; MariaDB shares MySQL's. */
export type MigratedDialect = "mysql" | "sqlite";

/**
 * Finds the declared columns that an SQLite database, made by all migrations, lacks, and adds them to it.
 * @throws Error where a column can be added to no table that holds rows, or where columns are not all that is
 * missing; it quotes the statements that TypeORM would send
 */
export async function findAddedColumns(database: DataSource): Promise<AddedColumn[]> {
  const added: AddedColumn[] = [];
  for (const table of tables) {
    const rows: { name: string }[] = await database.query(`PRAGMA table_info(${table.name})`);
    const existing = new Set(rows.map(({ name }) => name));
    // A table that is missing as a whole is left to the check below.
    if (existing.size === 0) continue;
    for (const property of table.properties) {
      const column = (table.column as (name: string) => string)(property);
      if (existing.has(column)) continue;
      const definitions = {
        mysql: definitionOf(table, property, mysql),
        sqlite: definitionOf(table, property, sqlite),
      };
      added.push({ table: table.name, column, definitions });
      await database.query(`ALTER TABLE ${table.name} ADD ${column} ${definitions.sqlite}`);
    }
  }
  const others = await pendingSchemaChanges(database);
  if (others.length > 0)
    throw new Error(`More than columns is missing. Write this migration by hand:\n${others.join("\n")}`);
  return added;
}

function definitionOf(table: (typeof tables)[number], property: string, dialect: Dialect): string {
  const columns = new Map(Object.entries(table.entity(dialect).options.columns));
  const options = columns.get(property);
  if (options === undefined) throw new Error(`${table.name} has no ${property}.`);
  const { type, length, precision, charset, collation, nullable } = options;
  const value = options.default as number | undefined;
  if (nullable !== true && value === undefined)
    throw new Error(`${table.name}.${property} must be nullable or have a default: rows exist already.`);
  const size = length ?? precision;
  return [
    `${type as string}${size === undefined ? "" : `(${String(size)})`}`,
    ...(charset === undefined ? [] : [`CHARACTER SET ${charset} COLLATE ${collation ?? ""}`]),
    nullable === true ? "NULL" : "NOT NULL",
    ...(value === undefined ? [] : [`DEFAULT ${value}`]),
  ].join(" ");
}
