import "reflect-metadata";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { cursorNow } from "../support/listening.js";
import { eventOf, onDatabase, organizationA, socketClient } from "../support/callers.js";
import { builtCommand } from "../support/built-command.js";

/** What the person is known by and said, in small letters. */
const traces = [
  "ann@",
  "1d1f0a02-28f6-41cb-bd99-78a17e68bdb6",
  "user: job",
  "got it!",
  "inquired",
  "heard of us",
];

const everything = `id chatSummary chatTranscript translatedChatTranscript customAnalysisData
  analysis { chatSummary answers { name value stringValue } } analysisHistory { chatSummary customAnalysisData }
  messages { nodes { body translatedBody from to contactId attachments metadata } }`;

async function run(database: TestDatabase, command: string, ...options: string[]) {
  const { stdout } = await promisify(execFile)(process.execPath, [builtCommand(command), ...options], {
    // An erasure waits for deliveries as long as they may take.
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      DATABASE_TIMEOUT_SECONDS: "2",
      LOG_LEVEL: "silent",
    },
  });
  return stdout;
}

/** A session with a person who writes from an e-mail address. */
async function annsEvent(name: "started" | "analyzed") {
  const event = await eventOf(organizationA, "c1", name);
  for (const message of event.data.messages) {
    for (const side of ["from", "to"])
      if (message[side] === "+13237452021") message[side] = "Ann@Example.org";
  }
  if (name === "analyzed") {
    event.data.chat_summary = `${String(event.data.chat_summary)} Write to ann@example.org.`;
    event.data.custom_analysis_data = { Source: "heard of us" };
  }
  return event;
}

describe("privacy erase --email, beside a service that runs", () => {
  let database: TestDatabase;
  let service: TestService;
  let oldCursor: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({}, database);
    oldCursor = await cursorNow(service);
    const other = await eventOf(organizationA, "c2");
    other.data.messages = [];
    Object.assign(other.data, {
      chat_summary: "A summary that stays, of one who knows ann@example.org.",
      chat_transcript: null,
      translated_chat_transcript: null,
      custom_analysis_data: {},
    });
    for (const event of [await annsEvent("started"), await annsEvent("analyzed"), other])
      expect((await service.post(event)).status).toBe(200);
    expectTraces(await resume(3));
    await run(database, "privacy", "erase", "--email", "ANN@example.org");
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  /** What a subscriber that resumes from before everything hears first. */
  async function resume(count: number): Promise<string> {
    const client = socketClient(service);
    const events = client.iterate({
      query: `subscription ($after: Cursor) { sessionEvents(after: $after) { type session { ${everything} } } }`,
      variables: { after: oldCursor },
    });
    const heard: unknown[] = [];
    while (heard.length < count) heard.push((await events.next()).value);
    await client.dispose();
    return JSON.stringify(heard).toLowerCase();
  }

  function expectTraces(text: string) {
    for (const trace of traces) expect(text).toContain(trace);
  }

  /** Of what is served and what is stored, whatever its place. */
  async function expectNoTrace() {
    const { data, errors } = await service.query(
      `{ sessions { totalCount nodes { ${everything} } } webhookEvents { totalCount nodes { body } } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ sessions: { totalCount: 2 }, webhookEvents: { totalCount: 3 } });
    const rows = await onDatabase(database, async (opened) => [
      await opened.read("SELECT * FROM session_terms"),
      await opened.read("SELECT * FROM analysis_answers"),
      await opened.read("SELECT * FROM session_feed"),
    ]);
    const text = JSON.stringify([data, rows]).toLowerCase();
    for (const trace of traces) expect(text).not.toContain(trace);
    expect(text).toContain("a summary that stays, of one who knows [erased].");
  }

  async function expectResumedToHearNothing() {
    const heard = await resume(3);
    expect(heard).toContain("c1d8d3f6");
    expect(heard).toContain("a summary that stays");
    for (const trace of traces) expect(heard).not.toContain(trace);
  }

  it("leaves no trace", async () => {
    await expectNoTrace();
  });

  it("tells a subscriber that resumes from an old cursor of the sessions, and nothing of the person", async () => {
    await expectResumedToHearNothing();
  });

  const analysesLeft = async () =>
    await onDatabase(database, (opened) =>
      opened.read("SELECT session_id, content_sha256, received_at FROM analyses ORDER BY session_id"),
    );
  let left: unknown;

  it("is not undone by events replay --all", async () => {
    left = await analysesLeft();
    expect(await run(database, "events", "replay", "--all")).toMatch(/^projected 0, unchanged 3, /);
    expect(await analysesLeft()).toEqual(left);
    await expectNoTrace();
    await expectResumedToHearNothing();
  });

  it("is not undone where all tables are made anew of the events", async () => {
    await service.stop();
    const counted = await run(database, "events", "replay", "--all", "--into-empty", "--yes");
    expect(counted).toMatch(/^projected 3, unchanged 0, /);
    expect(await analysesLeft()).toEqual(left);
    service = await startService({}, database);
    await expectNoTrace();
  });
});
