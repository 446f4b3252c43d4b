import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onDatabase } from "../support/callers.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { builtCommand } from "../support/built-command.js";

async function run(command: string, args: readonly string[], databaseUrl: string) {
  const child = spawn(process.execPath, [builtCommand(command), ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, said };
}

const commands: readonly (readonly [string, readonly string[]])[] = [
  ["keys", ["create", "--name", "n", "--role", "operator"]],
  ["privacy", ["erase", "--phone", "+13235550100"]],
  ["events", ["dead"]],
  ["migrate", []],
];

/** The frames of a stack, a statement, or what was given to it. */
const tooMuch = /^ {2,}at |INSERT|SELECT|UPDATE|3235550100|a-password|[0-9a-f]{64}/m;

describe("a command that fails", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await onDatabase(database, (opened) => opened.read("SELECT 1"));
  });
  afterAll(() => database.drop());

  it.each(commands)("%s: says so in a sentence where the database is away", async (command, args) => {
    const { code, said } = await run(command, args, "mysql://app:a-password@127.0.0.1:1/app");
    expect(code).toBe(1);
    expect(said).toMatch(/^error: The database cannot be reached \(ECONNREFUSED\)/);
    expect(said).not.toMatch(tooMuch);
  });

  it.each(commands)("%s: says so where DATABASE_URL is none", async (command, args) => {
    const { code, said } = await run(command, args, "nonsense:a-password");
    expect(code).toBe(1);
    expect(said).toContain("DATABASE_URL: must be mysql://");
    expect(said).not.toMatch(tooMuch);
  });

  it.each(["n".repeat(201), ""])("refuses a key's name that does not fit (%j)", async (name) => {
    const { code, said } = await run("keys", ["create", "--name", name, "--role", "operator"], database.url);
    expect(code).toBe(1);
    expect(said).toContain("must have 1 to 200 characters");
    expect(said).not.toMatch(tooMuch);
    const keys = await onDatabase(database, (opened) => opened.read("SELECT id FROM api_keys"));
    expect(keys).toEqual([]);
  });

  it("takes a name of 200 characters, whatever they are", async () => {
    const name = "😀".repeat(200);
    const { code } = await run("keys", ["create", "--name", name, "--role", "operator"], database.url);
    expect(code).toBe(0);
  });

  it.each(["é", "1234567"])("knows no key of the prefix %j", async (prefix) => {
    const { code, said } = await run("keys", ["revoke", prefix], database.url);
    expect(code).toBe(1);
    expect(said).toContain("there is no key");
    expect(said).not.toMatch(tooMuch);
  });

  it("tells of an error of the database no more than its code", async () => {
    await onDatabase(database, (opened) =>
      opened.transaction(async (transaction) => {
        for (const table of ["api_keys", "messages", "webhook_events"])
          await transaction.execute(`ALTER TABLE ${table} RENAME TO away_${table}`);
      }),
    );
    for (const [command, args] of commands.slice(0, 3)) {
      const { code, said } = await run(command, args, database.url);
      expect(code).toBe(1);
      expect(said).toMatch(/^error: .+ \((?:ER_NO_SUCH_TABLE|SQLITE_ERROR)\)\.\n$/);
      expect(said).not.toMatch(tooMuch);
    }
  });
});
