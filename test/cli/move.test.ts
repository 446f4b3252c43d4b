import { spawn } from "node:child_process";
import { hash, randomUUID } from "node:crypto";
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSessions } from "../../tools/simulate/generate.js";
import { shuffleAndDuplicate } from "../../tools/simulate/shuffle-and-duplicate.js";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../../src/webhook/signature/whippy-signature.js";
import { onDatabase } from "../support/callers.js";
import {
  createTestDatabase,
  sample,
  sampleBytes,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";
import { projectedState } from "../support/state-digest.js";
import { builtCommand } from "../support/built-command.js";

const secret = "moving-secret";
const contact = "6a8a4a4e-6d0f-4c0a-9d8e-000000000001";

/** What is kept of raw events, but for the projection's part. */
const columns =
  "id, request_id, event_type, status, error, received_at, session_id, signature_scheme, signature_key_index, " +
  "size_bytes, body_sha256, body";

/** Milliseconds: each command is a process of its own. */
const longest = 180_000;

describe("a move from SQLite to another database", { timeout: longest }, () => {
  let folder: string;
  let source: TestDatabase;
  let target: TestDatabase;
  let service: TestService;
  let file: string;
  /** Of somebody who is erased later. */
  let erased: Buffer;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "move-test-"));
    file = path.join(folder, "events.ndjson");
    source = { url: `sqlite:${path.join(folder, "source.sqlite")}`, drop: () => Promise.resolve() };
    target = await createTestDatabase();
    service = await startService({ WEBHOOK_SECRETS: secret }, source);
    await deliverEverything();
    await service.stop();
  });
  afterAll(async () => {
    await target.drop();
    await rm(folder, { recursive: true });
  });

  async function post(to: TestService, body: Buffer): Promise<{ status: string }> {
    const signature = signWhippy(body, secret, Math.floor(Date.now() / 1_000));
    const answer = await to.post(body, { [WHIPPY_SIGNATURE_HEADER]: signature });
    return (await answer.json()) as { status: string };
  }

  /** Out of order and repeated, in any layout; with what is dead, ignored or erased. */
  async function deliverEverything(): Promise<void> {
    const generated = Array.from(generateSessions({ sessions: 25, seed: 21 }), ({ envelopes }) => envelopes);
    const bodies = generated.flat().map((envelope, index) => {
      const text = JSON.stringify(envelope, undefined, index % 5 === 0 ? "\t" : undefined);
      return Buffer.from(index % 7 === 0 ? `\uFEFF \r\n${text}\n` : text);
    });
    for (const body of shuffleAndDuplicate(bodies, { shuffle: true, duplicate: 0.3, window: 8, seed: 3 }))
      await post(service, body);
    const dead = await sample("ended");
    dead.data.id = "none";
    for (const body of [dead, { event: "lead.new", data: { text: 'with "_receipt" and }, in it' } }])
      await post(service, Buffer.from(JSON.stringify(body)));
    await post(service, await sampleBytes("analyzed"));
    const ofSomebody = await sample("ended");
    ofSomebody.data.id = randomUUID();
    ofSomebody.data.messages = ofSomebody.data.messages.map((message) => ({
      ...message,
      id: randomUUID(),
      contact_id: contact,
    }));
    erased = Buffer.from(JSON.stringify(ofSomebody));
    await post(service, erased);
  }

  async function command(name: string, args: readonly string[], database = source) {
    const child = spawn(process.execPath, [builtCommand(name), ...args], {
      // An erasure waits for deliveries as long as they may take.
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, DATABASE_TIMEOUT_SECONDS: "2" },
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (text: Buffer) => (output.stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output.stderr += text.toString()));
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, ...output };
  }

  /** A text for each; of the body, which takes long to compare, its hash. */
  const rawEvents = async (of: TestDatabase): Promise<string[]> =>
    await onDatabase(of, async (database) => {
      const rows = await database.read<{ body: Buffer }>(`SELECT ${columns} FROM webhook_events ORDER BY id`);
      return rows.map(({ body, ...row }) => JSON.stringify({ ...row, body: hash("sha256", body) }));
    });
  const stateOf = (of: TestDatabase) => onDatabase(of, projectedState);

  it("takes every raw event along, byte for byte, with its receipt and its signature", async () => {
    expect(await command("events", ["export", file])).toMatchObject({ code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    const events = await rawEvents(source);
    expect(events.length).toBeGreaterThan(70);
    expect(lines).toHaveLength(events.length);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty("event");
    const imported = await command("events", ["import", file], target);
    expect(imported.code).toBe(0);
    expect(imported.stdout).toMatch(/duplicate 0, ignored 1, dead 1, bad 0\n$/);
    expect(await rawEvents(target)).toEqual(events);
  });

  it("ends in the same state", async () => {
    const state = await stateOf(source);
    expect(state.length).toBeGreaterThan(20_000);
    expect(await stateOf(target)).toBe(state);
  });

  it("names a line whose receipt is another event's, and stores the others", async () => {
    const before = await rawEvents(target);
    const { id } = JSON.parse(before[0] ?? "") as { id: string };
    const [receiptId, free] = [id, uuidv7()];
    const lines = [receiptId, free, free].map((each, index) => {
      const event = JSON.stringify({ event: "lead.new", data: { index } });
      return `{"_receipt":{"id":"${each}"},${event.slice(1)}`;
    });
    const twisted = path.join(folder, "twisted.ndjson");
    await writeFile(twisted, lines.join("\n"));
    const imported = await command("events", ["import", twisted], target);
    expect(imported).toMatchObject({ code: 1 });
    expect(imported.stdout).toMatch(/ignored 1, dead 0, bad 2\n$/);
    expect(imported.stderr).toMatch(/^line 1: _receipt\.id is another event's$/m);
    const after = await rawEvents(target);
    expect(after).toEqual([...before, expect.stringContaining(free)]);
    await onDatabase(target, (database) =>
      database.transaction((transaction) =>
        transaction.execute("DELETE FROM webhook_events WHERE id = ?", [free]),
      ),
    );
  });

  it("may be done again, for what came meanwhile", async () => {
    const since = new Date().toISOString();
    service = await startService({ WEBHOOK_SECRETS: secret }, source);
    const late = await sample("ended");
    late.data.id = randomUUID();
    await post(service, Buffer.from(JSON.stringify(late)));
    await service.stop();
    const rest = path.join(folder, "rest.ndjson");
    await command("events", ["export", rest, "--since", since]);
    expect((await command("events", ["import", rest], target)).stdout).toMatch(
      /^projected 1, unchanged 0, duplicate 0,/,
    );
    const again = await command("events", ["import", file], target);
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout).toMatch(/^projected 0, unchanged \d, duplicate \d{2,3},/);
    expect(await rawEvents(target)).toEqual(await rawEvents(source));
    expect(await stateOf(target)).toBe(await stateOf(source));
  });

  it("writes to stdout what it writes to a file", async () => {
    const { stdout, stderr } = await command("events", ["export", "-"]);
    expect(stdout.startsWith(await readFile(file, "utf8"))).toBe(true);
    expect(stderr).toMatch(/^exported \d{2,3} events\n$/);
  });

  it("lets nothing in again that an erasure took out", async () => {
    expect((await command("privacy", ["erase", "--contact-id", contact])).code).toBe(0);
    const [redacted, other] = [path.join(folder, "redacted.ndjson"), await createTestDatabase()];
    await command("events", ["export", redacted]);
    expect(await readFile(redacted, "utf8")).not.toContain(contact);
    expect((await command("events", ["import", redacted], other)).code).toBe(0);
    expect(await rawEvents(other)).toEqual(await rawEvents(source));
    const moved = await startService({ WEBHOOK_SECRETS: secret }, other);
    expect(await post(moved, erased)).toMatchObject({ status: "duplicate" });
    await moved.stop();
    expect(await stateOf(other)).not.toContain(contact);
    await other.drop();
  });

  it("overwrites no file, and tells lines that are broken", async () => {
    expect(await command("events", ["export", file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("already") as string,
    });
    await truncate(file, (await stat(file)).size - 20);
    await appendFile(file, '\n{"_receipt":{"id":"none"},"event":"lead.new"}\n');
    const { code, stderr } = await command("events", ["import", file], target);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^line \d+: body must be JSON\nline \d+: _receipt must be as events export writes it\n$/,
    );
  });
});
