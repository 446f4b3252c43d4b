import "reflect-metadata";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestService } from "../support/service.js";
import { contactsTexts, eventOf, organizationA, socketClient, startWithReaders } from "../support/callers.js";

const everything = `
  id chatSummary chatTranscript translatedChatTranscript customAnalysisData userSentiment
  analysis { id chatSummary customAnalysisData answers {
    name value stringValue numberValue booleanValue answered conforms } agentVersionRevision { providerSettings } }
  analysisHistory { chatSummary customAnalysisData answers {
    name value stringValue numberValue booleanValue answered conforms } }
  agentVersion { providerSettings questions { name choices } }
  agentVersionRevision { providerSettings questions { name choices } }
  messages(first: 5) { nodes { id body translatedBody from to attachments metadata contactId direction } }`;

const secrets = [...contactsTexts, "job", "11labs", "picture.png"];

describe("a masked reader", () => {
  let service: TestService;
  let masked: { Authorization: string };
  let reader: { Authorization: string };
  beforeAll(async () => {
    ({ service, masked, reader } = await startWithReaders());
    const event = await eventOf(organizationA, "a1");
    event.data.custom_analysis_data = {
      ...(event.data.custom_analysis_data as object),
      Heard_from: "word of mouth",
      Phone: 5551234567,
      Years: 7,
      Preferred_contact_method: "SMS",
      More: ["word of mouth"],
    };
    event.data.messages[1] = {
      ...event.data.messages[1],
      to: "ann@example.org",
      attachments: ["picture.png"],
    };
    expect((await service.post(event)).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
  });

  const query = `{
    sessions(first: 5) { nodes { ${everything} } edges { node { ${everything} } } }
    messages { nodes { id body translatedBody from to attachments metadata } }
    agentVersions(first: 5) { nodes { providerSettings sessions(first: 5) { nodes { ${everything} } } } }
    sessionStats(groupBy: [{ field: AGENT }, { field: AGENT_VERSION }]) { groups { agentVersion {
      providerSettings sessions(first: 1) { nodes { ${everything} } } } } }
  }`;

  it("sees neither addresses, nor texts, nor free-text answers, on any path", async () => {
    const { data, errors } = await service.query(query, {}, masked);
    expect(errors).toBeUndefined();
    const text = JSON.stringify(data);
    for (const secret of secrets) expect(text).not.toContain(secret);
    const seenByReader = JSON.stringify((await service.query(query, {}, reader)).data);
    for (const secret of secrets) expect(seenByReader).toContain(secret);
  });

  it("sees what is not personal: choices, truth values, small numbers, the last digits of a phone number", async () => {
    const { data } = await service.query<{
      sessions: { nodes: { customAnalysisData: unknown; messages: { nodes: unknown[] } }[] };
    }>(`{ sessions { nodes { ${everything} } } }`, {}, masked);
    const [session] = data.sessions.nodes;
    expect(session?.customAnalysisData).toEqual({
      Currently_working: false,
      How_comfortable_using_a_computer: 0,
      How_did_the_candidate_hear_about_Express_Employment: "",
      Preferred_contact_method: "SMS",
      Heard_from: null,
      Phone: null,
      Years: 7,
      More: null,
    });
    expect(session?.messages.nodes).toMatchObject([
      { from: "***21", to: "***45", body: null, direction: "INBOUND" },
      { from: "***45", to: "***@***", body: null, direction: "OUTBOUND" },
    ]);
  });

  it("sees which questions were answered, as others do", async () => {
    const answered =
      "{ sessions { nodes { analysis { answers { name answered } } analysisHistory { answers { name answered } } } } }";
    const seen = await service.query(answered, {}, masked);
    expect(JSON.stringify(seen.data)).toContain('{"name":"Heard_from","answered":true}');
    expect(seen.data).toEqual((await service.query(answered, {}, reader)).data);
  });

  it("sees no more through a subscription", async () => {
    const client = socketClient(service, { token: masked.Authorization.slice("Bearer ".length) });
    const first = await service.query<{ sessions: { eventCursor: string } }>(
      "{ sessions { eventCursor } }",
      {},
      masked,
    );
    const events = client.iterate({
      query: `subscription { sessionEvents(after: "${first.data.sessions.eventCursor}") { session { ${everything} } } }`,
    });
    const next = events.next();
    await service.post(await eventOf(organizationA, "a2"));
    const text = JSON.stringify((await next).value);
    expect(text).toContain("a2d8d3f6");
    for (const secret of secrets.filter((each) => each !== "job")) expect(text).not.toContain(secret);
    await client.dispose();
  });

  it.each([
    ["sessions", '{ chatSummary: { contains: "x" } }', "chatSummary"],
    ["sessions", "{ not: { chatTranscript: { null: true } } }", "not.chatTranscript"],
    [
      "sessions",
      '{ or: [{ id: { null: false } }, { translatedChatTranscript: { startsWith: "x" } }] }',
      "or.1.translatedChatTranscript",
    ],
    [
      "sessions",
      '{ analysisHistory: { every: { chatSummary: { contains: "x" } } } }',
      "analysisHistory.every.chatSummary",
    ],
    [
      "sessions",
      '{ analysisHistory: { some: { or: [{ id: { eq: "x" } }] } } }',
      "analysisHistory.some.or.0.id",
    ],
    ["messages", '{ body: { contains: "x" } }', "body"],
    ["messages", '{ body: { containsIgnoreCase: "x" } }', "body"],
    ["messages", '{ not: { from: { eqIgnoreCase: "+1" } } }', "not.from"],
    ["messages", '{ and: [{ from: { startsWith: "+1" } }] }', "and.0.from"],
    ["messages", '{ to: { eq: "x" } }', "to"],
    ["messages", "{ translatedBody: { null: false } }", "translatedBody"],
  ])("cannot ask %s for %s", async (list, filter, field) => {
    for (const selection of ["totalCount", "nodes { id }"]) {
      const { errors } = await service.query(`{ ${list}(filter: ${filter}) { ${selection} } }`, {}, masked);
      expect(errors?.[0]).toMatchObject({
        message: `filter.${field}: is withheld from masked readers.`,
        extensions: { code: "FORBIDDEN" },
      });
    }
    expect(
      (await service.query(`{ ${list}(filter: ${filter}) { totalCount } }`, {}, reader)).errors,
    ).toBeUndefined();
  });

  it("gets ids of analyses from whose hash nothing can be guessed, always the same", async () => {
    interface Histories {
      readonly sessions: {
        readonly nodes: { readonly analysis: { id: string }; readonly analysisHistory: { id: string }[] }[];
      };
    }
    const histories = "{ sessions { nodes { analysis { id } analysisHistory { id } } } }";
    const idsFor = async (caller: typeof masked) => {
      const { data } = await service.query<Histories>(histories, {}, caller);
      return data.sessions.nodes.flatMap(({ analysis, analysisHistory }) => {
        expect(analysis).toEqual(analysisHistory[0]);
        return analysisHistory.map(({ id }) => id);
      });
    };
    const [seen, again, real] = [await idsFor(masked), await idsFor(masked), await idsFor(reader)];
    expect(seen.length).toBeGreaterThan(0);
    expect(again).toEqual(seen);
    expect(seen.map((id) => id.slice(0, 37))).toEqual(real.map((id) => id.slice(0, 37)));
    expect(seen.filter((id) => real.includes(id))).toEqual([]);
  });

  it("learns no more of the feed than that it moved", async () => {
    const cursor = async () => {
      const query = "{ sessions { eventCursor } }";
      const { data } = await service.query<{ sessions: { eventCursor: string } }>(query, {}, masked);
      return data.sessions.eventCursor;
    };
    const first = await cursor();
    for (let position = 0; position < 10; position += 1)
      expect((await service.post(await eventOf(organizationA, `${position}e`))).status).toBe(200);
    const later = await cursor();
    expect(later).not.toBe(first);
    expect(later).toHaveLength(first.length);
    const bytes = [first, later].map((text) => Buffer.from(text, "base64url"));
    expect(bytes.map((each) => each.toString("latin1")).join()).not.toMatch(/\[\d+\]/);
    // The numbers differ in their last bytes; what is shown differs everywhere.
    expect(bytes[0]?.subarray(-8, -2)).not.toEqual(bytes[1]?.subarray(-8, -2));
  });

  it("cannot ask so when subscribing either", async () => {
    const client = socketClient(service, { token: masked.Authorization.slice("Bearer ".length) });
    const events = client.iterate({
      query: 'subscription { sessionAnalyzed(filter: { chatSummary: { contains: "x" } }) { cursor } }',
    });
    await expect(events.next()).rejects.toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
    await client.dispose();
  });
});
