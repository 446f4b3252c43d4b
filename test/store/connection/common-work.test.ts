import fc from "fast-check";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.js";
import type { StoredAnswerRow } from "../../../src/model/analysis.js";
import { workTogether } from "../../../src/store/connection/common-work.js";
import { Database } from "../../../src/store/database.js";
import { migrate } from "../../../src/store/migrations/migrate.js";
import { insertRowsLater, placeholders, textOf } from "../../../src/store/sql/statements.js";
import { analysisAnswers, serviceSettings } from "../../../src/store/sql/tables.js";
import type { ReadTogether, Transaction } from "../../../src/store/sql/transaction.js";
import { createTestDatabase, type TestDatabase } from "../../support/service.js";

describe("pieces of work in one transaction", () => {
  let test: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    test = await createTestDatabase();
    const { database: target } = loadConfig({ DATABASE_URL: test.url });
    database = await Database.open(target, 2);
    await migrate(database.writer);
  });
  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  /** A file takes the rows of each piece in a statement of their own. */
  const inserts = (count: number, ofFile: number) =>
    Array.from({ length: process.env.TEST_DATABASE_URL ? count : ofFile }, () => "INSERT");

  type Work = (transaction: Transaction) => Promise<unknown>;
  const insert = async (transaction: Transaction, name: string, value = "") => {
    await insertRowsLater(transaction, serviceSettings, [{ name, value }]);
  };
  const stored = async (prefix: string) => {
    const rows = await database.read<{ name: string; value: string }>(
      "SELECT name, value FROM service_settings WHERE name LIKE ? ORDER BY name",
      [`${prefix}%`],
    );
    return rows.map(({ name, value }) => [name.slice(prefix.length), value]);
  };
  const readSettings: ReadTogether<string, string | undefined> = async (transaction, names) => {
    const rows = await transaction.query<{ name: string; value: string }>(
      `SELECT name, value FROM service_settings WHERE name IN (${placeholders(names)})`,
      names,
    );
    const values = new Map(rows.map(({ name, value }) => [name, value]));
    return (name) => values.get(name);
  };

  /** Does the pieces together. @returns the statements that this took, by their first word */
  const statementsOf = async (works: readonly Work[]) => {
    const statements: string[] = [];
    await database.transaction(async (transaction) => {
      const note = (sql: string) => statements.push(sql.split(" ")[0] ?? "");
      const noting: Transaction = {
        ...transaction,
        query: (sql, parameters) => (note(sql), transaction.query(sql, parameters)),
        later: (sql, parameters) => (note(sql), transaction.later(sql, parameters)),
        insertLater: (rows) => (note(textOf(rows)[0]), transaction.insertLater(rows)),
      };
      await workTogether(noting, works);
    });
    return statements;
  };

  it("insert rows of the same kind, and read by keys, in one statement each", async () => {
    const prefix = `test-${randomUUID()}`;
    await database.transaction((transaction) => insert(transaction, `${prefix}0`, "zero"));
    const read: (string | undefined)[] = [];
    const works = [0, 1, 2, 3, 4].map((index) => async (transaction: Transaction) => {
      // As far as each comes without an answer, however many turns that takes.
      for (let turn = 0; turn < index; turn += 1) await Promise.resolve();
      read[index] = await transaction.readTogether(readSettings, `${prefix}${index}`);
      if (index > 0) await insert(transaction, `${prefix}${index}`);
    });
    expect(await statementsOf(works)).toEqual(["SELECT", ...inserts(1, 4)]);
    expect(read).toEqual(["zero", undefined, undefined, undefined, undefined]);
    expect(await stored(prefix)).toEqual([
      ["0", "zero"],
      ...[1, 2, 3, 4].map((index) => [String(index), ""]),
    ]);
  });

  it("write what they have left before they read, and no more rows in one statement than one of them may", async () => {
    const prefix = `test-${randomUUID()}`;
    const works = [0, 1, 2, 3].map((index) => async (transaction: Transaction) => {
      await insert(transaction, `${prefix}${index}`);
      await transaction.readTogether(readSettings, `${prefix}${index}`);
      const rows = Array.from({ length: 90 }, (_, row) => ({ name: `${prefix}${index} ${row}`, value: "" }));
      await insertRowsLater(transaction, serviceSettings, rows);
    });
    // 4 x 90 rows, at most 200 at once.
    expect(await statementsOf(works)).toEqual([...inserts(1, 4), "SELECT", ...inserts(2, 4)]);
    expect(await stored(prefix)).toHaveLength(4 + 4 * 90);
  });

  // As rows of this release lack what a class of the next one declares: see test/crash/rolling-release.ts.
  it("give a column that rows do not name its default", async () => {
    const sessionId = randomUUID();
    const row = { sessionId, position: 0, organizationId: randomUUID(), name: "Licence", valueType: "null" };
    await database.attemptTogether(
      [(transaction) => insertRowsLater(transaction, analysisAnswers, [row as unknown as StoredAnswerRow])],
      5_000,
    );
    const answers = await database.read(
      "SELECT name_trailing_spaces AS spaces, string_value AS text FROM analysis_answers WHERE session_id = ?",
      [sessionId],
    );
    expect(answers).toEqual([{ spaces: 0, text: null }]);
  });

  it("see what they have written themselves", async () => {
    const prefix = `test-${randomUUID()}`;
    const works = [0, 1].map((index) => async (transaction: Transaction) => {
      const name = `${prefix}${index}`;
      await insert(transaction, name, "written");
      return await transaction.query("SELECT value FROM service_settings WHERE name = ?", [name]);
    });
    const results = await database.attemptTogether(works, 5_000);
    expect(results).toEqual([[{ value: "written" }], [{ value: "written" }]]);
  });

  it("fail together, and leave nothing", async () => {
    const prefix = `test-${randomUUID()}`;
    const failing = database.attemptTogether(
      [
        (transaction) => insert(transaction, `${prefix}0`),
        () => Promise.reject(new Error("of the second")),
        async (transaction) => {
          await transaction.readTogether(readSettings, `${prefix}0`);
        },
      ],
      5_000,
    );
    await expect(failing).rejects.toThrow("of the second");
    const refused: ReadTogether<string, undefined> = async (transaction) => {
      await transaction.query("SELECT nothing");
      return () => undefined;
    };
    const refusing = database.attemptTogether(
      ["0", "1"].map((key) => async (transaction) => {
        await insert(transaction, prefix + key);
        await transaction.readTogether(refused, key);
      }),
      5_000,
    );
    await expect(refusing).rejects.toThrow();
    expect(await stored(prefix)).toEqual([]);
  });

  const step = fc.constantFrom("insert", "overwrite", "append", "delete", "ask");
  const keys = ["a", "b"] as const;
  const piece = fc.array(fc.record({ step, key: fc.constantFrom(...keys) }), { maxLength: 6 });
  type Steps = readonly { readonly step: string; readonly key: string }[];

  /** A piece of work on settings of its own, whose end depends on the order of its steps. */
  const workOf =
    (prefix: string, steps: Steps): Work =>
    async (transaction) => {
      const there = new Set<string>();
      for (const [index, { step: name, key }] of steps.entries()) {
        const setting = prefix + key;
        const row = { name: setting, value: `${index}` };
        if (name === "delete") {
          await transaction.later("DELETE FROM service_settings WHERE name = ?", [setting]);
          there.delete(key);
        } else if (name === "append")
          await transaction.later(
            `UPDATE service_settings SET value = ${index} WHERE name = ? AND value < '3'`,
            [setting],
          );
        else if (name === "ask") await transaction.query("SELECT 1 AS one");
        else if (name === "overwrite") {
          await insertRowsLater(transaction, serviceSettings, [row], { overwrite: ["value"] });
          there.add(key);
        } else if (!there.has(key)) {
          await insertRowsLater(transaction, serviceSettings, [row]);
          there.add(key);
        }
      }
    };

  it("end as they do one after the other, whatever they write", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 2, maxLength: 8 }), async (pieces) => {
        const [together, alone] = [`test-${randomUUID()}`, `test-${randomUUID()}`];
        await database.attemptTogether(
          pieces.map((steps, index) => workOf(`${together}${index}`, steps)),
          10_000,
        );
        for (const [index, steps] of pieces.entries())
          await database.transaction(workOf(`${alone}${index}`, steps));
        expect(await stored(together)).toEqual(await stored(alone));
      }),
      { numRuns: 60 },
    );
  });
});
