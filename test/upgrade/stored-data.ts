import { readdir, readFile, writeFile } from "node:fs/promises";
import type { DataSource } from "typeorm";
import { migrationsTable } from "../../src/store/connection/data-source.js";
import { tables } from "../../src/store/sql/tables.js";
import { packAtOnce } from "../../src/model/packed.js";
import { migrationName } from "../../src/store/migrations/migrate.js";

/**
 * A database with data in it as a release stored it: a file of lines, the same for all databases. The first
 * line holds the names of its migrations; each of the others is a row.
 */
export interface StoredData {
  readonly migrations: readonly string[];
  readonly rows: readonly StoredRow[];
}

export interface StoredRow {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
}

const folder = new URL("../fixtures/stored/", import.meta.url);

/** The names of all that is kept. */
export async function keptNames(): Promise<string[]> {
  const files = await readdir(folder);
  return files.filter((file) => file.endsWith(".ndjson")).map((file) => file.replace(/\.ndjson$/, ""));
}

export async function readStored(name: string): Promise<StoredData> {
  const text = await readFile(new URL(`${name}.ndjson`, folder), "utf8");
  const [head, ...rows] = text.trimEnd().split("\n");
  const { migrations } = JSON.parse(head ?? "") as Pick<StoredData, "migrations">;
  return { migrations, rows: rows.map((line) => JSON.parse(line, toBytes) as StoredRow) };
}

/** Writes what an SQLite database holds now. */
export async function keepStored(name: string, { manager }: DataSource): Promise<void> {
  const query = <Row>(sql: string) => manager.query<Row[]>(sql);
  const tables = await query<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
       AND name NOT LIKE 'session_terms_index%' AND name <> '${migrationsTable}' ORDER BY name`,
  );
  const applied = await query<{ name: string }>(`SELECT name FROM ${migrationsTable} ORDER BY id`);
  const lines = [JSON.stringify({ migrations: applied.map((migration) => migration.name) })];
  for (const { name: table } of tables)
    for (const row of await query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY 1, 2`))
      lines.push(JSON.stringify({ table, row: fromBytes(row) }));
  await writeFile(new URL(`${name}.ndjson`, folder), `${lines.join("\n")}\n`);
}

/** Makes an empty database what it was. */
export async function restoreStored({ migrations, rows }: StoredData, database: DataSource): Promise<void> {
  const packs = database.options.type !== "better-sqlite3";
  const all = database.migrations;
  const known = all.filter((migration) => migrations.includes(migrationName(migration)));
  if (known.length !== migrations.length) throw new Error("A migration that was released is gone.");
  all.splice(0, all.length, ...known);
  await database.runMigrations({ transaction: "each" });
  for (const table of new Set(rows.map((each) => each.table)))
    await database.manager.query(`DELETE FROM ${table}`);
  for (const { table, row } of rows) {
    const columns = Object.keys(row);
    const values = columns.map(() => "?").join(", ");
    await database.manager.query(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${values})`,
      columns.map((column) => (packs && isPacked(table, column) ? packed(row[column]) : row[column])),
    );
  }
}

/** Whether servers pack the texts of a column: see model/packed.ts. */
function isPacked(name: string, column: string): boolean {
  const table = tables.find((each) => each.name === name);
  return Array.from(table?.packed ?? []).some((property) => table?.column(property as never) === column);
}

function packed(text: unknown): unknown {
  return typeof text === "string" ? packAtOnce(Buffer.from(text)) : text;
}

const mark = "base64:";

function fromBytes(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      value instanceof Uint8Array ? `${mark}${Buffer.from(value).toString("base64")}` : value,
    ]),
  );
}

function toBytes(_key: string, value: unknown): unknown {
  const isMarked = typeof value === "string" && value.startsWith(mark);
  return isMarked ? Buffer.from(value.slice(mark.length), "base64") : value;
}
