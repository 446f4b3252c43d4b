import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FieldError } from "../../src/errors.js";
import { type Payload, sample, startService, type TestService } from "../support/service.js";

interface Answer {
  readonly status: string;
  readonly eventId: string;
  readonly notes?: readonly FieldError[];
  readonly errors?: readonly FieldError[];
}

/** Whippy has no list of sessions: an event that is refused for an odd field is lost. */
describe("an event with odd fields", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  /** A sample with ids of its own, so that no test meets another's session. */
  async function newEvent(changes: Partial<Payload> = {}): Promise<Payload> {
    const event = await sample("analyzed");
    event.request_id = randomUUID();
    event.data.id = randomUUID();
    for (const message of event.data.messages) message.id = randomUUID();
    return { ...event, ...changes };
  }

  async function deliver(event: unknown): Promise<Answer & { readonly code: number }> {
    const response = await service.post(event);
    return { code: response.status, ...((await response.json()) as Answer) };
  }

  async function readRaw(eventId: string) {
    const { data } = await service.query<{ webhookEvents: { nodes: Record<string, unknown>[] } }>(
      `query ($id: ID!) { webhookEvents(filter: { id: { eq: $id } }) {
        nodes { status requestId eventType apiVersion createdAt error notes { field rule } } } }`,
      { id: eventId },
    );
    return data.webhookEvents.nodes[0];
  }

  async function readSession(id: unknown) {
    const { data, errors } = await service.query<{ session: Record<string, unknown> }>(
      `query ($id: ID!) { session(id: $id) {
        startedAt endedAt userSentiment chatSummary customAnalysisData conversationId
        agentVersionRevision { id name llmId createdById }
        messages(first: 100) { totalCount nodes { id body to from userId campaignId updatedAt } } } }`,
      { id: String(id) },
    );
    expect(errors).toBeUndefined();
    return data.session;
  }

  const instantRule = "must be an ISO 8601 instant between the years 1000 and 9999";
  const labelRule = (most: number) =>
    `must be a text of at most ${most} characters, none of them a control character`;

  it.each<[what: string, changes: Partial<Payload>, read: object, noted: readonly FieldError[]]>([
    ["a number as api_version", { api_version: 1 }, { apiVersion: "1" }, []],
    ["a number as request_id", { request_id: 12345 }, { requestId: "12345" }, []],
    [
      "a request_id that JSON has rounded",
      { request_id: 2 ** 60 },
      { requestId: null },
      [{ field: "request_id", rule: labelRule(200) }],
    ],
    ["no request_id", { request_id: undefined }, { requestId: null }, []],
    ["empty texts", { api_version: "", created_at: "" }, { apiVersion: null, createdAt: null }, []],
    [
      "PostgreSQL's time",
      { created_at: "2025-08-19 06:40:57.416929+00" },
      { createdAt: "2025-08-19T06:40:57.416929Z" },
      [],
    ],
    [
      "a time without an offset",
      { created_at: "2025-08-19T06:40:57.416929" },
      { createdAt: "2025-08-19T06:40:57.416929Z" },
      [],
    ],
    [
      "a time in seconds",
      { created_at: 1755585657 },
      { createdAt: null },
      [{ field: "created_at", rule: instantRule }],
    ],
  ])("is stored with %s in its envelope", async (_what, changes, read, noted) => {
    const { code, status, eventId, notes } = await deliver(await newEvent(changes));
    expect([code, status, notes ?? []]).toEqual([200, "stored", noted]);
    expect(await readRaw(eventId)).toMatchObject({ status: "PROJECTED", notes: noted, ...read });
  });

  it("of a type with control characters is kept", async () => {
    const { code, eventId } = await deliver({ event: `a\u0000b${"c".repeat(200)}`, data: 1 });
    expect(code).toBe(202);
    expect(await readRaw(eventId)).toMatchObject({
      status: "IGNORED",
      eventType: `a\uFFFDb${"c".repeat(97)}`,
      notes: [{ field: "event", rule: labelRule(100) }],
    });
  });

  it.each([undefined, null, 1, "x", []])("is a dead letter where data is %j", async (data) => {
    const { code, eventId } = await deliver({
      event: "conversation_agent_session.ended",
      n: randomUUID(),
      data,
    });
    expect(code).toBe(202);
    const error = expect.stringContaining("data: must be a JSON object") as unknown;
    expect(await readRaw(eventId)).toMatchObject({ status: "DEAD", error, notes: [] });
  });

  it("reads an empty text as no id and no instant", async () => {
    const event = await newEvent();
    event.data.started_at = "";
    Object.assign(event.data.agent_version, { llm_id: "", created_by_id: "" });
    Object.assign(event.data.messages[0] ?? {}, { conversation_id: "", user_id: "", updated_at: "" });
    const { status, notes } = await deliver(event);
    expect([status, notes]).toEqual(["stored", undefined]);
    const session = await readSession(event.data.id);
    expect(session).toMatchObject({
      startedAt: null,
      agentVersionRevision: { llmId: null, createdById: null },
    });
  });

  it("keeps all that is well of fifty messages, and notes the odd field of one", async () => {
    const event = await newEvent();
    const [first = {}] = event.data.messages;
    event.data.messages = Array.from({ length: 50 }, () => ({ ...first, id: randomUUID() }));
    const [odd = {}, without = {}, none] = event.data.messages.slice(17);
    odd.to = ["+13235550100"];
    without.id = "none";
    event.data.messages[19] = none === undefined ? {} : (5 as unknown as Record<string, unknown>);
    const { status, eventId, notes } = await deliver(event);
    const expected = [
      { field: "data.messages.17.to", rule: "must be a text" },
      { field: "data.messages.18.id", rule: "must be a UUID" },
      { field: "data.messages.19", rule: "must be a JSON object" },
    ];
    expect([status, notes]).toEqual(["stored", expected]);
    expect(await readRaw(eventId)).toMatchObject({ status: "PROJECTED", error: null, notes: expected });
    const { messages } = (await readSession(event.data.id)) as {
      messages: { totalCount: number; nodes: { id: string; body: string; to: string | null }[] };
    };
    expect(messages.totalCount).toBe(48);
    const stored = messages.nodes.map(({ id, body, to }) => [id, body, to]);
    const sent = event.data.messages
      .filter((_message, index) => index !== 18 && index !== 19)
      .map((message) => [message.id, message.body, message === odd ? null : message.to]);
    expect(stored.sort()).toEqual(sent.sort());
  });

  it("takes nothing away that is known", async () => {
    const known = await newEvent();
    await deliver(known);
    const before = await readSession(known.data.id);
    const odd = structuredClone(known);
    odd.created_at = "2025-08-20T00:00:00Z";
    Object.assign(odd.data, { ended_at: "yesterday", user_sentiment: { is: "sad" }, chat_summary: 7 });
    odd.data.custom_analysis_data = "\ud83d";
    odd.data.messages[0] = { ...odd.data.messages[0], to: {}, body: "\udc00", updated_at: 1755585657 };
    Object.assign(odd.data.agent_version, { unknown: "\ud83d" });
    const { status, notes } = await deliver(odd);
    expect(status).toBe("stored");
    expect(notes?.map(({ field }) => field)).toEqual([
      "data.ended_at",
      "data.chat_summary",
      "data.user_sentiment",
      "data.custom_analysis_data",
      "data.agent_version.unknown",
      "data.messages.0.body",
      "data.messages.0.to",
      "data.messages.0.updated_at",
    ]);
    expect(await readSession(known.data.id)).toEqual(before);
  });

  it("keeps the answers beside one that cannot be stored", async () => {
    const event = await newEvent();
    const deep = "[".repeat(10_000) + "]".repeat(10_000);
    const text = JSON.stringify({ ...event, data: { ...event.data, custom_analysis_data: "@" } });
    const analysis = `{"Works":true,"Name":"\\ud83d","Deep":${deep},"Big":1e999,"Count":0}`;
    const { status, notes } = await deliver(text.replace('"@"', analysis));
    expect(status).toBe("stored");
    expect(notes?.map(({ field }) => field.split(".")[2])).toEqual(["Name", "Deep", "Big"]);
    expect(await readSession(event.data.id)).toMatchObject({ customAnalysisData: { Works: true, Count: 0 } });
  });

  it("has few notes, and the count of the others", async () => {
    const event = await newEvent();
    event.data.messages = Array.from({ length: 1_000 }, () => ({ id: randomUUID(), to: 1, from: 1 }));
    const { notes } = await deliver(event);
    expect(notes).toHaveLength(21);
    expect(notes?.at(-1)).toEqual({ field: "*", rule: "1980 more fields break a rule" });
  });

  it("is kept, whatever stands in it beside its type", async () => {
    const template = await sample("analyzed");
    const value = fc.oneof(
      fc.jsonValue({ noUnicodeString: false }),
      fc.constantFrom("", "+00", "\ud83d", 1e300, 2 ** 53, "2025-08-19 06:40:57+00", [null], {}),
    );
    const changes = fc.array(fc.tuple(fc.nat(), value), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (drawn) => {
        const event = { ...structuredClone(template), request_id: randomUUID() };
        const places = placesIn(event).filter(([, key]) => key !== "event");
        for (const [nth, odd] of drawn) {
          const [container, key] = places[nth % places.length] ?? [];
          if (container !== undefined && key !== undefined) container[key] = odd;
        }
        expect([200, 202]).toContain((await deliver(event)).code);
      }),
      { numRuns: 80 },
    );
  }, 120_000);
});

type Container = Record<string, unknown>;

/** Every member of every object and list of a JSON value. */
function placesIn(value: unknown): [container: Container, key: string][] {
  if (typeof value !== "object" || value === null) return [];
  const container = value as Container;
  return Object.keys(container).flatMap((key) => [
    [container, key] as [Container, string],
    ...placesIn(container[key]),
  ]);
}
