import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import ts from "typescript";
import type { MigrationInterface } from "typeorm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate, pendingSchemaChanges } from "../../src/store/migrations/migrate.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { findAddedColumns } from "../../tools/migrations/added-columns.js";
import { writeMigration } from "../../tools/migrations/write-migration.js";

const index = `import { CreateTables1 } from "./1-create-tables.js";

/** In order. */
export const migrations = [CreateTables1];
`;

describe("a migration that adds columns", () => {
  let folder: string;
  let scratch: Database;
  let test: TestDatabase;
  let database: Database;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "migrations-"));
    for (const dialect of ["mysql", "sqlite"]) {
      await mkdir(path.join(folder, dialect));
      await writeFile(path.join(folder, dialect, "index.ts"), index);
    }
    scratch = await open(`sqlite:${path.join(folder, "scratch.sqlite")}`);
    test = await createTestDatabase();
    database = await open(test.url);
  });
  afterEach(async () => {
    await scratch.close();
    await database.close();
    await test.drop();
    await rm(folder, { recursive: true });
  });

  /** A database in which no migration has made these columns. */
  async function open(url: string): Promise<Database> {
    const opened = await Database.open(loadConfig({ DATABASE_URL: url }).database, 2);
    await migrate(opened.writer);
    for (const column of ["sessions DROP COLUMN language", "messages DROP COLUMN updated_at"])
      await opened.writer.query(`ALTER TABLE ${column}`);
    return opened;
  }

  /** The class that the file for the database's dialect declares. */
  async function load(): Promise<MigrationInterface> {
    const dialect = database.dialect.isEmbedded ? "sqlite" : "mysql";
    const text = await readFile(path.join(folder, dialect, "1764700000000-add-some.ts"), "utf8");
    const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.ESNext } });
    const source = `data:text/javascript,${encodeURIComponent(outputText)}`;
    const exported = (await import(source)) as Record<string, new () => MigrationInterface>;
    const Migration = exported.AddSome1764700000000;
    if (Migration === undefined) throw new Error("The migration has another name.");
    return new Migration();
  }

  it("makes what is declared, can be run again after each statement, and can be undone", async () => {
    const columns = await findAddedColumns(scratch.writer);
    await writeMigration(folder, "add-some", 1764700000000, columns);
    const migration = await load();
    expect(migration.name).toBe("AddSome1764700000000");
    expect(await pendingSchemaChanges(database.writer)).not.toEqual([]);
    const runner = database.writer.createQueryRunner();
    for (const time of [1, 2]) {
      await migration.up(runner);
      expect(await pendingSchemaChanges(database.writer), `time ${time}`).toEqual([]);
    }
    for (const time of [1, 2]) {
      await migration.down(runner);
      expect(await runner.hasColumn("sessions", "language"), `time ${time}`).toBe(false);
    }
    await runner.release();
  });

  it("has one name in both dialects, and stands at the end of both lists", async () => {
    const columns = await findAddedColumns(scratch.writer);
    const files = await writeMigration(folder, "add-some", 1764700000000, columns);
    expect(files.map((file) => path.relative(folder, file).replaceAll("\\", "/"))).toEqual(
      ["mysql", "sqlite"].flatMap((each) => [`${each}/1764700000000-add-some.ts`, `${each}/index.ts`]),
    );
    for (const dialect of ["mysql", "sqlite"])
      expect(await readFile(path.join(folder, dialect, "index.ts"), "utf8")).toBe(
        `import { CreateTables1 } from "./1-create-tables.js";
import { AddSome1764700000000 } from "./1764700000000-add-some.js";

/** In order. */
export const migrations = [CreateTables1, AddSome1764700000000];
`,
      );
  });

  it("is not written where more than columns is missing, or where rows would lack a value", async () => {
    await scratch.writer.query("DROP INDEX ix_sessions_conversation");
    await expect(findAddedColumns(scratch.writer)).rejects.toThrow(/by hand:\n.*ix_sessions_conversation/);
    await scratch.writer.query("ALTER TABLE sessions DROP COLUMN kinds_seen");
    await expect(findAddedColumns(scratch.writer)).rejects.toThrow(
      "sessions.kindsSeen must be nullable or have a default: rows exist already.",
    );
  });
});
