import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  contactsTexts,
  eventOf,
  makeKey,
  onDatabase,
  organizationA,
  organizationB,
} from "../support/callers.js";
import {
  createTestDatabase,
  type Payload,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";

type Header = Record<string, string>;

const whole = `query ($id: ID!) {
  conversation(id: $id) { ...whole } node(id: $id) { ...whole } nodes(ids: [$id]) { ...whole } }
  fragment whole on Conversation { id organizationId
    sessions { totalCount nodes { id conversation { id } } }
    messages { totalCount nodes { id conversation { id sessions(first: 1) { totalCount } } } } }`;

describe("conversations", () => {
  let database: TestDatabase;
  let service: TestService;
  let reader: Header;
  let readerOfB: Header;
  let operator: Header;
  beforeAll(async () => {
    database = await createTestDatabase();
    reader = (await makeKey(database)).header;
    readerOfB = (await makeKey(database, { organization: organizationB })).header;
    operator = (await makeKey(database, { role: "operator" })).header;
    service = await startService({}, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  /** Stores a session of a conversation with two messages of its own. */
  async function store(conversation: string, organization: string, day: number): Promise<Payload> {
    const event = await eventOf(organization, randomUUID().slice(0, 8));
    Object.assign(event.data, {
      id: randomUUID(),
      conversation_id: conversation,
      started_at: `2026-01-0${day}T00:00:00Z`,
    });
    event.data.messages.forEach((message, index) => {
      Object.assign(message, {
        id: randomUUID(),
        conversation_id: conversation,
        created_at: `2026-01-0${day}T00:00:0${index}.000001Z`,
      });
    });
    expect((await service.post(event)).status).toBe(200);
    return event;
  }

  const read = async (id: string, header: Header) => {
    const { data, errors } = await service.query(whole, { id }, header);
    expect(errors).toBeUndefined();
    return data;
  };

  const expected = (id: string, organizationId: string, events: readonly Payload[]) => ({
    id,
    organizationId,
    sessions: {
      totalCount: events.length,
      nodes: [...events].reverse().map(({ data }) => ({ id: data.id, conversation: { id } })),
    },
    messages: {
      totalCount: 2 * events.length,
      nodes: events.flatMap(({ data }) =>
        data.messages.map((message) => ({
          id: message.id,
          conversation: { id, sessions: { totalCount: events.length } },
        })),
      ),
    },
  });

  it("hold their sessions and the messages of all of them", async () => {
    const id = randomUUID();
    const events = [await store(id, organizationA, 1), await store(id, organizationA, 2)];
    const own = expected(id, organizationA, events);
    expect(await read(id.toUpperCase(), reader)).toEqual({ conversation: own, node: own, nodes: [own] });
  });

  it("are null to a reader of another organization, and where there is none", async () => {
    const id = randomUUID();
    await store(id, organizationA, 1);
    for (const [asked, header] of [
      [id, readerOfB],
      [randomUUID(), reader],
      [randomUUID(), operator],
    ] as const)
      expect(await read(asked, header)).toEqual({ conversation: null, node: null, nodes: [null] });
  });

  it("are each organization's own, also where two name one id", async () => {
    const id = randomUUID();
    const [first, second] = [await store(id, organizationA, 1), await store(id, organizationB, 2)];
    // To an operator one id is one conversation, of the newest session's organization.
    for (const [header, own] of [
      [reader, expected(id, organizationA, [first])],
      [readerOfB, expected(id, organizationB, [second])],
      [operator, expected(id, organizationB, [first, second])],
    ] as const)
      expect(await read(id, header)).toEqual({ conversation: own, node: own, nodes: [own] });
    const { data } = await service.query(
      `query ($id: ID!) { sessions(filter: { conversationId: { eq: $id } }) {
         nodes { organizationId conversation { organizationId } } } }`,
      { id },
      operator,
    );
    const conversation = { organizationId: organizationB };
    expect(data).toEqual({
      sessions: {
        nodes: [organizationB, organizationA].map((organizationId) => ({ organizationId, conversation })),
      },
    });
  });

  it("are there while a message is, whose session is gone", async () => {
    const id = randomUUID();
    const event = await store(id, organizationA, 1);
    await onDatabase(database, (opened) =>
      opened.transaction((transaction) =>
        transaction.execute("DELETE FROM sessions WHERE id = ?", [String(event.data.id)]),
      ),
    );
    const own = expected(id, organizationA, [event]);
    const left = {
      ...own,
      sessions: { totalCount: 0, nodes: [] },
      messages: {
        totalCount: 2,
        nodes: own.messages.nodes.map((message) => ({
          id: message.id,
          conversation: { id, sessions: { totalCount: 0 } },
        })),
      },
    };
    expect(await read(id, reader)).toEqual({ conversation: left, node: left, nodes: [left] });
  });

  it("show a masked reader neither texts nor addresses", async () => {
    const id = randomUUID();
    await store(id, organizationA, 1);
    const { header } = await makeKey(database, { role: "masked_reader" });
    const text = `query ($id: ID!, $filter: MessageFilter) { conversation(id: $id) {
      messages(filter: $filter) { totalCount nodes { body from to conversation { messages { nodes { body from } } } } }
      sessions { nodes { chatSummary chatTranscript } } } }`;
    const { data, errors } = await service.query(text, { id }, header);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      conversation: {
        messages: { totalCount: 2, nodes: [{ body: null, from: expect.stringMatching(/^\*{3}\d\d$/) }, {}] },
      },
    });
    expect(contactsTexts.filter((trace) => JSON.stringify(data).includes(trace))).toEqual([]);
    const asked = await service.query(text, { id, filter: { from: { startsWith: "+1" } } }, header);
    expect(asked.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });
});
