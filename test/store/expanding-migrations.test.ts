import { readFile } from "node:fs/promises";
import type { MigrationInterface } from "typeorm";
import { describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { contractionsIn, madeBy } from "../../tools/migrations/contractions.js";
import { createTestDatabase } from "../support/service.js";

const expanding = [
  "ALTER TABLE sessions ADD COLUMN rating int NULL",
  "ALTER TABLE sessions ADD rating int NOT NULL DEFAULT 0, ADD mood varchar(20) NULL",
  "ALTER TABLE sessions ADD INDEX ix_rating (rating, id)",
  "CREATE INDEX ix_rating ON sessions (rating)",
  "CREATE TABLE ratings (id int NOT NULL, PRIMARY KEY (id))",
  "UPDATE sessions SET rating = 1 WHERE reason = 'drop; rename'",
];

const contracting = [
  "DROP TABLE ratings",
  "ALTER TABLE sessions DROP COLUMN language",
  "ALTER TABLE sessions DROP INDEX ix_sessions_started",
  "ALTER TABLE sessions RENAME COLUMN language TO tongue",
  "RENAME TABLE sessions TO talks",
  "alter table sessions modify language varchar(10) null",
  "ALTER TABLE sessions CHANGE language tongue varchar(255) NULL",
  "ALTER TABLE sessions ALTER COLUMN message_count SET DEFAULT 1",
  "ALTER TABLE sessions ADD rating int NOT NULL",
  "ALTER TABLE sessions ADD mood int NOT NULL DEFAULT 0, ADD rating decimal(3, 1) NOT NULL",
  "ALTER TABLE sessions ADD UNIQUE INDEX ux_language (language)",
  "CREATE UNIQUE INDEX ux_language ON sessions (language)",
  "ALTER TABLE sessions ADD CONSTRAINT c CHECK (message_count > 0)",
  "TRUNCATE TABLE session_terms",
  "DELETE FROM sessions WHERE language IS NULL",
];

/** A migration that contracts says what of, and since which release nothing uses it. */
type Contracting = MigrationInterface & { readonly contracts?: string };

/** The statements that a migration sends to this database, but for what it asks. */
async function statementsOf(migration: MigrationInterface, database: Database): Promise<string[]> {
  const runner = database.writer.createQueryRunner();
  const query = runner.query.bind(runner);
  const statements: string[] = [];
  const spy = vi.spyOn(runner, "query").mockImplementation(async (...asked) => {
    if (!/^\s*(?:SELECT|SHOW|PRAGMA)\b/i.test(asked[0])) statements.push(asked[0]);
    return (await query(...asked)) as unknown;
  });
  await migration.up(runner);
  // SQLite has one runner, which the next migration gets too.
  spy.mockRestore();
  await runner.release();
  return statements;
}

describe("migrations beside the release before", () => {
  it.each(expanding)("may run: %s", (statement) => {
    expect(contractionsIn(statement)).toEqual([]);
  });

  it.each(contracting)("may not run: %s", (statement) => {
    expect(contractionsIn(statement)).not.toEqual([]);
  });

  it("may do anything to a table that they make", () => {
    const made = new Set(["ratings"]);
    expect(contractionsIn("CREATE UNIQUE INDEX ux_rating ON ratings (rating)", made)).toEqual([]);
    expect(contractionsIn("ALTER TABLE ratings ADD rating int NOT NULL", made)).toEqual([]);
    expect(contractionsIn("ALTER TABLE sessions ADD rating int NOT NULL", made)).not.toEqual([]);
  });

  it("only expand, or say what they contract and since when nothing uses it", async () => {
    const test = await createTestDatabase();
    const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    const changelog = await readFile(new URL("../../CHANGELOG.md", import.meta.url), "utf8");
    const problems: string[] = [];
    // Before the first there was nothing.
    for (const [index, migration] of (database.writer.migrations as Contracting[]).entries()) {
      const statements = await statementsOf(migration, database);
      expect(statements.length).toBeGreaterThan(0);
      const made = new Set(statements.flatMap((statement) => madeBy(statement) ?? []));
      const found = statements.flatMap((statement) =>
        contractionsIn(statement, made).map((why) => `${migration.name ?? ""} ${why}: ${statement}`),
      );
      const release = /, unused since (\d+\.\d+\.\d+)$/.exec(migration.contracts ?? "")?.[1];
      const isAnnounced = release !== undefined && changelog.includes(`## ${release}`);
      if (index > 0 && !isAnnounced) problems.push(...found);
    }
    expect(problems).toEqual([]);
    await database.close();
    await test.drop();
  });
});
