import "reflect-metadata";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tables } from "../../src/store/sql/tables.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { plainBytes } from "../support/plain-bytes.js";
import { eventOf, makeKey, onDatabase, organizationA } from "../support/callers.js";
import { builtCommand } from "../support/built-command.js";

const contactId = "1d1f0a02-28f6-41cb-bd99-78a17e68bdb6";
/**
 * What the contact of Whippy's example is known by and said; the organization's own number, +12136991845,
 * stays.
 */
const traces = [
  "3237452021",
  "323-745-2021",
  "(323) 745",
  contactId,
  "Got it!",
  '"job"',
  "User: job",
  "inquired",
  "secret of theirs",
  "their.name",
];

/** Short, because an erasure waits for deliveries as long as they may take. */
const timeoutSeconds = 2;

async function privacy(database: TestDatabase, ...options: string[]) {
  return await promisify(execFile)(process.execPath, [builtCommand("privacy"), ...options], {
    env: { ...process.env, DATABASE_URL: database.url, DATABASE_TIMEOUT_SECONDS: String(timeoutSeconds) },
  });
}

/**
 * All that the database holds, as bytes: of SQLite the files themselves, and bodies as they were received.
 */
async function dump(database: TestDatabase): Promise<string> {
  return (await dumpAsStored(database)) + (await readBodies(database)).join("\n");
}

async function readBodies(database: TestDatabase): Promise<string[]> {
  return await onDatabase(database, async (opened) => {
    const rows = await opened.read<{ body: Buffer }>("SELECT body FROM webhook_events");
    return rows.map(({ body }) => plainBytes(body));
  });
}

async function dumpAsStored(database: TestDatabase): Promise<string> {
  if (database.url.startsWith("sqlite:")) {
    const file = database.url.slice("sqlite:".length);
    const names = (await readdir(path.dirname(file))).filter((name) => name.startsWith(path.basename(file)));
    const bytes = await Promise.all(names.map((name) => readFile(path.join(path.dirname(file), name))));
    return Buffer.concat(bytes).toString("latin1");
  }
  return await onDatabase(database, async (opened) => {
    const names = await opened.read<Record<string, string>>("SHOW TABLES");
    const rows = await Promise.all(
      names.map((name) => opened.read(`SELECT * FROM ${String(Object.values(name)[0])}`)),
    );
    return JSON.stringify(rows, (_key, value: unknown) => {
      const bytes = value as { type?: unknown; data?: unknown } | null;
      return bytes?.type === "Buffer" ? plainBytes(Buffer.from(bytes.data as number[])) : value;
    });
  });
}

async function counts(database: TestDatabase) {
  return await onDatabase(database, async (opened) => {
    const kept = tables.filter(({ name }) =>
      ["webhook_events", "sessions", "messages", "session_messages", "analyses", "session_feed"].includes(
        name,
      ),
    );
    const rows = await Promise.all(
      kept.map(({ name }) => opened.read<{ count: number }>(`SELECT COUNT(*) AS count FROM ${name}`)),
    );
    return kept.map(({ name }, index) => [name, Number(rows[index]?.[0]?.count)]);
  });
}

/** A delivery of each kind that may name the contact. */
async function deliveries() {
  const theirs = [await eventOf(organizationA, "c1", "started"), await eventOf(organizationA, "c1")];
  const other = await eventOf(organizationA, "c2");
  for (const message of other.data.messages) {
    message.contact_id = "2d1f0a02-28f6-41cb-bd99-78a17e68bdb6";
    for (const side of ["from", "to"]) if (message[side] === "+13237452021") message[side] = "+15550001111";
  }
  other.data.messages[0] = {
    ...other.data.messages[0],
    body: "Ask my friend at (323) 745-2021, or 323-745-2021.",
  };
  other.data.chat_transcript = "User: Ask my friend at +1 323 745 2021.";
  other.data.translated_chat_transcript = null;
  other.data.chat_summary = "A summary that stays.";
  other.data.custom_analysis_data = { Friend: 3237452021 };
  other.data.messages[1] = { ...other.data.messages[1], body: "Thank you." };
  const ignored = {
    event: "message.received",
    request_id: crypto.randomUUID(),
    data: { from: "+13237452021", body: "secret of theirs", name: "their.name" },
  };
  const dead = { ...(await eventOf(organizationA, "c3")), request_id: crypto.randomUUID() };
  dead.data.conversation_id = "no uuid";
  return { theirs, other, ignored, dead };
}

describe.each([
  ["--phone", "+1 (323) 745-2021"],
  ["--contact-id", contactId],
])("privacy erase %s", (option, value) => {
  let database: TestDatabase;
  let service: TestService;
  let sent: Awaited<ReturnType<typeof deliveries>>;
  let before: Awaited<ReturnType<typeof counts>>;
  let milliseconds: number;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({}, database);
    sent = await deliveries();
    for (const event of [...sent.theirs, sent.other, sent.ignored, sent.dead])
      expect((await service.post(event)).status).toBeLessThan(300);
    before = await counts(database);
    const held = await dump(database);
    for (const trace of traces.slice(0, 6)) expect(held).toContain(trace);
    await service.stop();
    const from = performance.now();
    await privacy(database, "erase", option, value);
    milliseconds = performance.now() - from;
    service = await startService({}, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const hasNoTrace = async () => {
    const held = await dump(database);
    for (const trace of traces) expect(held).not.toContain(trace);
    expect(held).toContain("12136991845");
    expect(held).toContain("A summary that stays.");
  };

  it("leaves no trace in a dump of the database, and all counts as they were", async () => {
    await hasNoTrace();
    expect(await counts(database)).toEqual(before);
  });

  it("waits for deliveries as long as the service's setting lets them take", () => {
    expect(milliseconds).toBeGreaterThan(3 * timeoutSeconds * 1_000);
    expect(milliseconds).toBeLessThan(30_000);
  });

  it("finds nothing of them by searching, and still finds what others wrote", async () => {
    const found = async (text: string) =>
      (
        await service.query<{ sessions: { totalCount: number } }>(
          `{ sessions(filter: { search: ${JSON.stringify(text)} }) { totalCount } }`,
        )
      ).data.sessions.totalCount;
    expect(await found("3237452021")).toBe(0);
    expect(await found("inquired")).toBe(0);
    expect(await found("ask friend")).toBe(1);
  });

  it("keeps what others wrote, but for the number", async () => {
    const { data } = await service.query<{ messages: { nodes: { body: string | null }[] } }>(
      "{ messages { nodes { body from to contactId } } }",
    );
    const bodies = data.messages.nodes.map(({ body }) => body);
    expect(bodies).toContain("Ask my friend at [erased], or [erased].");
    expect(bodies).toContain("Thank you.");
  });

  it("tells subscribers that resume of the session, and nothing of what it held", async () => {
    const id = String(sent.theirs[1]?.data.id);
    const { data } = await service.query(
      `{ session(id: "${id}") { status messageCount chatSummary chatTranscript customAnalysisData analysis { chatSummary answers { stringValue } }
         analysisHistory { chatSummary customAnalysisData } messages { nodes { body from contactId direction deliveryStatus } } } }`,
    );
    expect(data.session).toMatchObject({
      status: "ANALYZED",
      messageCount: 2,
      chatSummary: null,
      chatTranscript: null,
      customAnalysisData: null,
      analysis: { chatSummary: null },
      analysisHistory: [{ chatSummary: null, customAnalysisData: null }],
      messages: {
        nodes: [
          { body: null, from: null, contactId: null, direction: "INBOUND" },
          { body: null, from: "+12136991845", contactId: null, deliveryStatus: "failed" },
        ],
      },
    });
    const { analysis } = data.session as { analysis: { answers: { stringValue: string | null }[] } };
    expect(analysis.answers.filter(({ stringValue }) => stringValue !== null)).toEqual([]);
  });

  it("is not undone by an old event that comes again, the same or with another request_id", async () => {
    for (const event of [...sent.theirs, sent.other, sent.ignored, sent.dead]) {
      expect((await service.post(event)).status).toBeLessThan(300);
      expect((await service.post({ ...event, request_id: crypto.randomUUID() })).status).toBeLessThan(300);
    }
    await service.stop();
    await hasNoTrace();
    service = await startService({}, database);
  });
});

describe("privacy", () => {
  it("refuses to erase an address of the organization, and what identifies nobody", async () => {
    const database = await createTestDatabase();
    const service = await startService({}, database);
    await service.post(await eventOf(organizationA, "c1"));
    await expect(privacy(database, "erase", "--phone", "+12136991845")).rejects.toThrow(
      "the organization itself",
    );
    await expect(privacy(database, "erase", "--phone", "nobody")).rejects.toThrow("is needed");
    await expect(privacy(database, "erase")).rejects.toThrow("say one of");
    const { data } = await service.query<{ messages: { nodes: { body: string }[] } }>(
      "{ messages { nodes { body } } }",
    );
    expect(data.messages.nodes.map(({ body }) => body)).toContain("job");
    await service.stop();
    await database.drop();
  });

  it("deletes by age what has not changed for so long, and nothing younger", async () => {
    const database = await createTestDatabase();
    const service = await startService({}, database);
    await service.post(await eventOf(organizationA, "c1"));
    await service.post(await eventOf(organizationA, "c2"));
    await service.post({ event: "message.received", request_id: "r1", data: {} });
    await onDatabase(database, (opened) =>
      opened.transaction(async (transaction) => {
        const old = "2020-01-01 00:00:00.000000";
        await transaction.execute("UPDATE sessions SET changed_at = ? WHERE id LIKE 'c1%'", [old]);
        await transaction.execute("UPDATE webhook_events SET received_at = ? WHERE session_id IS NULL", [
          old,
        ]);
      }),
    );
    const { stdout } = await privacy(database, "retain", "--days", "30");
    expect(JSON.parse(stdout)).toEqual({ sessions: 1, rawEvents: 1 });
    const { data } = await service.query("{ sessions { nodes { id } } messages { totalCount } }");
    expect(data).toMatchObject({ messages: { totalCount: 2 } });
    expect(await counts(database)).toContainEqual(["webhook_events", 1]);
    await service.stop();
    await database.drop();
  });

  it("notes who read what, and what was erased, without contents", async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database);
    const service = await startService({}, database);
    const event = await eventOf(organizationA, "c1");
    await service.post(event);
    await service.query(
      "query Look($id: ID!) { session(id: $id) { chatSummary } }",
      { id: event.data.id },
      key.header,
    );
    await (await fetch(`${service.url}/Export/sessions.csv/`, { headers: key.header })).text();
    await (
      await fetch(`${service.url}/export/sessions.ndjson`, {
        method: "POST",
        headers: { ...key.header, "Content-Type": "application/json" },
        body: "{}",
      })
    ).text();
    await service.stop();
    await privacy(database, "erase", "--phone", "+13237452021");
    const rows = await onDatabase(database, (opened) =>
      opened.read<Record<string, unknown>>(
        "SELECT caller, role, action, operation, ids FROM audit_log ORDER BY id",
      ),
    );
    expect(rows).toEqual([
      {
        caller: `key:${key.prefix}`,
        role: "reader",
        action: "read",
        operation: "Look{session}",
        ids: JSON.stringify([event.data.id]),
      },
      {
        caller: `key:${key.prefix}`,
        role: "reader",
        action: "read",
        operation: "/export/sessions.csv",
        ids: "[]",
      },
      {
        caller: `key:${key.prefix}`,
        role: "reader",
        action: "read",
        operation: "/export/sessions.ndjson",
        ids: "[]",
      },
      {
        caller: "command",
        role: "operator",
        action: "erase",
        operation: "privacy erase",
        ids: JSON.stringify([event.data.id]),
      },
    ]);
    await database.drop();
  });
});
