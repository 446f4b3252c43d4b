import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTestDatabase,
  type Payload,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";

/** SQLite serves one process; two services on it would only wait for each other. */
const instances = process.env.TEST_DATABASE_URL ? 2 : 1;

describe("deliveries at once", () => {
  let database: TestDatabase;
  let services: TestService[];
  beforeAll(async () => {
    database = await createTestDatabase();
    services = [];
    for (let instance = 0; instance < instances; instance += 1)
      services.push(await startService({}, database));
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
    await database.drop();
  });

  const instance = (index: number): TestService => {
    const service = services[index % services.length];
    if (service === undefined) throw new Error("No service was started.");
    return service;
  };

  /** Posts to the instances in turn, all at once. */
  async function postAll(payloads: readonly Payload[]): Promise<number[]> {
    const posted = payloads.map(async (payload, index) => {
      const response = await instance(index).post(payload);
      await response.arrayBuffer();
      return response.status;
    });
    return await Promise.all(posted);
  }

  async function eventOf(sessionId: string, number: number): Promise<Payload> {
    const payload = await sample((["started", "ended", "analyzed"] as const)[number % 3] ?? "started");
    payload.request_id = randomUUID();
    payload.created_at = `2025-08-19T06:40:57.${String(number).padStart(6, "0")}Z`;
    payload.data.id = sessionId;
    payload.data.chat_summary = `summary ${number}`;
    payload.data.messages = payload.data.messages.map((message) => ({ ...message, body: `body ${number}` }));
    return payload;
  }

  it("answers 100 of one session with 200 each and keeps the newest of the highest rank", async () => {
    const sessionId = randomUUID();
    const payloads = await Promise.all(
      Array.from({ length: 100 }, (_event, index) => eventOf(sessionId, index)),
    );
    expect(new Set(await postAll(payloads))).toEqual(new Set([200]));
    const { data } = await instance(0).query<{ session: Record<string, unknown> }>(
      `query ($id: ID!) { session(id: $id) { status chatSummary messageCount analysisHistory { chatSummary } messages { nodes { body } } } }`,
      { id: sessionId },
    );
    expect(data.session).toMatchObject({ status: "ANALYZED", chatSummary: "summary 98", messageCount: 2 });
    expect(data.session.analysisHistory).toHaveLength(33);
    // Each message came with one updated_at throughout, so rank and created_at decide here too.
    expect(data.session.messages).toEqual({ nodes: [{ body: "body 98" }, { body: "body 98" }] });
  });

  it("answers 100 sessions of one new agent version with 200 each and keeps its content once", async () => {
    const version = randomUUID();
    const payloads = await Promise.all(
      Array.from({ length: 100 }, async (_event, index) => {
        const payload = await eventOf(randomUUID(), index);
        payload.data.agent_version.id = version;
        for (const message of payload.data.messages) message.id = randomUUID();
        return payload;
      }),
    );
    expect(new Set(await postAll(payloads))).toEqual(new Set([200]));
    const { data } = await instance(0).query<{ agentVersion: unknown }>(
      `query ($id: ID!) { agentVersion(id: $id) { revisions { name } sessions { totalCount } } }`,
      { id: version },
    );
    // The documented payloads ask differently named questions: `…XYZ…` twice, `…Express…` once.
    expect(data.agentVersion).toMatchObject({ revisions: [{}, {}], sessions: { totalCount: 100 } });
  });

  it("answers 100 sessions that share a conversation and its messages with 200 each", async () => {
    const ids = [randomUUID(), randomUUID()];
    const payloads = await Promise.all(
      Array.from({ length: 100 }, async (_event, index) => {
        const payload = await eventOf(randomUUID(), index);
        payload.data.messages.forEach((message, position) => {
          // Each session lists them the other way round; updated_at is the same, so that the events decide.
          message.id = ids[index % 2 === 0 ? position : 1 - position];
          message.updated_at = "2025-08-26T11:03:29Z";
        });
        return payload;
      }),
    );
    expect(new Set(await postAll(payloads))).toEqual(new Set([200]));
    const { data } = await instance(0).query<{ messages: { nodes: { body: string }[] } }>(
      `query ($ids: [ID!]!) { messages(filter: { id: { in: $ids } }) { nodes { body } } }`,
      { ids },
    );
    expect(data.messages.nodes.map(({ body }) => body)).toEqual(["body 98", "body 98"]);
  });

  it("stores 50 deliveries of the same bytes once", async () => {
    const payload = await eventOf(randomUUID(), 2);
    const responses = await Promise.all(
      Array.from({ length: 50 }, async (_delivery, index) => {
        const response = await instance(index).post(payload);
        return ((await response.json()) as { status: string }).status;
      }),
    );
    expect(responses.filter((status) => status === "stored")).toHaveLength(1);
    expect(responses.filter((status) => status === "duplicate")).toHaveLength(49);
  });
});
