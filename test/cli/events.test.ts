import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSessions } from "../../tools/simulate/generate.js";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { projectedState } from "../support/state-digest.js";
import { builtCommand } from "../support/built-command.js";

const command = builtCommand("events");

const envelopes = Array.from(generateSessions({ sessions: 12, seed: 5 }), ({ envelopes: own }) => own)
  .flat()
  .map((envelope) => JSON.stringify(envelope));

describe("npm run events", () => {
  let folder: string;
  let testDatabase: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "events-test-"));
    testDatabase = await createTestDatabase();
    database = await Database.open(loadConfig({ DATABASE_URL: testDatabase.url }).database, 2);
    await migrate(database.writer);
  });
  afterAll(async () => {
    await database.close();
    await testDatabase.drop();
    await rm(folder, { recursive: true });
  });

  async function events(args: readonly string[], { input = "", interruptAt = "" } = {}) {
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, DATABASE_URL: testDatabase.url },
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (text: Buffer) => (output.stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => {
      output.stderr += text.toString();
      if (interruptAt !== "" && text.includes(interruptAt)) child.kill("SIGINT");
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, ...output };
  }

  const count = async (condition: string) => {
    const [row] = await database.read<{ n: number | string }>(
      `SELECT COUNT(*) AS n FROM webhook_events WHERE ${condition}`,
    );
    return Number(row?.n);
  };

  it("imports a file, names bad lines, and does nothing twice", async () => {
    const file = path.join(folder, "twice.ndjson");
    const bad = ['{"event":["phone +15550100 in a bad line"]}', "no JSON", ""];
    await writeFile(
      file,
      [...envelopes, ...bad, '{"event":"lead.new","request_id":"1","data":{}}'].join("\r\n"),
    );
    const first = await events(["import", file]);
    expect(first.code).toBe(1);
    expect(first.stderr).toContain(`line ${envelopes.length + 1}: event `);
    expect(first.stderr).toContain(`line ${envelopes.length + 2}: body must be JSON`);
    expect(first.stderr + first.stdout).not.toContain("+1555");
    expect(first.stdout).toMatch(/ignored 1, dead 0, bad 2\n$/);
    const state = await projectedState(database);
    const again = await events(["import", "-"], { input: await readFile(file, "utf8") });
    expect(again.stdout).toMatch(new RegExp(`^projected 0, unchanged 0, duplicate ${envelopes.length + 1},`));
    expect(await projectedState(database)).toBe(state);
  });

  it("goes on at the checkpoint of the same file and database only", async () => {
    const file = path.join(folder, "resumed.ndjson");
    const lines = Array.from(
      { length: 400 },
      (_line, index) => `{"event":"e","request_id":"${index}","data":{}}`,
    );
    await writeFile(file, [...lines.slice(0, 200), "stop here", ...lines.slice(200)].join("\n"));
    const interrupted = await events(["import", file], { interruptAt: "line 201" });
    expect(interrupted).toMatchObject({ code: 1, stderr: expect.stringContaining("interrupted") as string });
    const resumed = await events(["import", file]);
    expect(resumed.stderr).toMatch(/^going on after line \d+\n/);
    expect(resumed.code).toBe(resumed.stderr.includes("line 201") ? 1 : 0);
    expect(await count("event_type = 'e'")).toBe(400);

    const proof = { start: 0, end: 43, bodySha256: "0".repeat(64) };
    const other = { begun: 0, line: 300, offset: 43, proof };
    await writeFile(`${file}.checkpoint`, JSON.stringify(other));
    expect((await events(["import", file])).stdout).toMatch(/duplicate 400/);
  });

  it("lists dead letters without their data, and replays them once they are understood", async () => {
    const [envelope = ""] = Array.from(generateSessions({ sessions: 1, seed: 77 }), (one) =>
      JSON.stringify(one.envelopes[0]),
    );
    expect((await events(["import", "-"], { input: envelope })).stdout).toMatch(/^projected 1,/);
    const session = (JSON.parse(envelope) as { data: { id: string } }).data.id;
    // As if this event had come before an earlier version of the service understood it.
    await database.transaction(async (transaction) => {
      const sql = "UPDATE webhook_events SET status = 'dead', error = 'data.x: rule' WHERE session_id = ?";
      await transaction.execute(sql, [session]);
      await transaction.execute("DELETE FROM session_feed WHERE session_id = ?", [session]);
      await transaction.execute(
        "DELETE FROM session_messages WHERE session_key = (SELECT cluster_key FROM sessions WHERE id = ?)",
        [session],
      );
      await transaction.execute("DELETE FROM sessions WHERE id = ?", [session]);
    });
    const { stdout } = await events(["dead"]);
    expect(stdout).toMatch(/^[0-9a-f-]{36}\t\S+Z\tconversation_agent_session\.started\tdata\.x: rule\n$/);
    expect((await events(["replay", "--id", stdout.slice(0, 36)])).stdout).toMatch(
      /^projected 1, unchanged 0/,
    );
    expect(await count("status = 'dead'")).toBe(0);
    const feed = await database.read("SELECT event_id FROM session_feed WHERE session_id = ?", [session]);
    expect(feed).toHaveLength(1);
    expect((await events(["replay"])).stdout).toBe("projected 0, unchanged 0, ignored 0, dead 0\n");
  });

  it("makes the same state from the raw events alone, and only where it is told twice to delete", async () => {
    const state = await projectedState(database);
    const [before] = await database.read<{ head: number | string }>(
      "SELECT last_position AS head FROM feed_head",
    );
    expect((await events(["replay", "--all", "--into-empty"])).stderr).toContain("--yes");
    expect((await events(["replay", "--into-empty", "--yes"])).stderr).toContain("--all");
    expect((await events(["replay", "--all"])).stdout).toMatch(/^projected 0,/);
    expect((await events(["replay", "--all", "--into-empty", "--yes"])).stdout).toMatch(/^projected [1-9]/);
    expect(await projectedState(database)).toBe(state);
    // Nothing new has happened, so there is nothing to tell.
    expect(await database.read("SELECT event_id FROM session_feed")).toEqual([]);
    const [after] = await database.read<{ head: number | string; expired: number | string }>(
      "SELECT last_position AS head, expired_position AS expired FROM feed_head",
    );
    expect(Number(after?.expired)).toBe(Number(before?.head));
    expect((await events(["replay", "--since", "2020-01-01T00:00:00Z"])).stdout).toMatch(
      /^projected 0, unchanged [1-9]/,
    );
  });

  it.each([
    [["replay", "--id", "none"], "no event of this id"],
    [["replay", "--id", "é"], "no event of this id"],
    [["replay", "--since", "yesterday"], "ISO 8601"],
    [["replay", "--dead", "--all"], "cannot be used"],
    [["import", "nowhere.ndjson"], "no file"],
  ])("refuses %j with a clear error", async (args, message) => {
    const { code, stderr } = await events(args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});
