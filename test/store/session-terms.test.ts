import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { sample, startService, type TestService } from "../support/service.js";

const query = "query Found($text: String!) { sessions(filter: { search: $text }) { nodes { id } } }";

describe("the words of sessions", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await service.stop();
  });

  interface Said {
    readonly id: string;
    readonly body: string;
    readonly updated_at?: string;
  }

  async function post(id: string, said: readonly Said[]): Promise<void> {
    const event = await sample("started");
    const [message] = event.data.messages;
    event.request_id = randomUUID();
    Object.assign(event.data, { id, messages: said.map((changes) => ({ ...message, ...changes })) });
    expect((await service.post(event)).status).toBe(200);
  }

  async function find(text: string): Promise<string[]> {
    const { data } = await service.query<{ sessions: { nodes: { id: string }[] } }>(query, { text });
    return data.sessions.nodes.map(({ id }) => id).sort();
  }

  const newWord = () => `w${randomUUID().replaceAll("-", "")}`;

  it("are found without regard to case, accents and width, and by whole sentences without spaces", async () => {
    const [id, word] = [randomUUID(), newWord()];
    const sentence = "日本語の文章はとても長いので十六語を超えます";
    await post(id, [{ id: randomUUID(), body: `${word} ΟΔΟΣ Straße Ｗｉｄｅ İstanbul Çelik ${sentence}` }]);
    for (const asked of ["οδος", "ΟΔΟΣ", "οδοσ", "STRASSE", "strass", "straße", "wide", "istanbul", "celik"])
      expect([asked, await find(`${word} ${asked}`)]).toEqual([asked, [id]]);
    expect(await find(`${word} ${sentence}`)).toEqual([id]);
    expect(await find(`${word} 語日`)).toEqual([]);
  });

  it("are those of its messages too, also where it shares them with an earlier session of its conversation", async () => {
    const [added = "", shared = ""] = [randomUUID(), randomUUID()].sort();
    const [word, second] = [newWord(), randomUUID()];
    await post(randomUUID(), [{ id: shared, body: "Hello" }]);
    await post(second, [
      { id: shared, body: "Hello" },
      { id: added, body: `My number is ${word}` },
    ]);
    expect(await find(word)).toEqual([second]);
  });

  it("are found together, whichever of its texts they stand in", async () => {
    const [one, other, id] = [newWord(), newWord(), randomUUID()];
    await post(id, [
      { id: randomUUID(), body: `First ${one}` },
      { id: randomUUID(), body: `then ${other}` },
    ]);
    expect(await find(`${other} ${one} opportunit`)).toEqual([id]);
    expect(await find(`${one} ${newWord()}`)).toEqual([]);
  });

  it("stay where a later event lists fewer messages, and come where a message is added", async () => {
    const [early, late, id] = [newWord(), newWord(), randomUUID()];
    await post(id, [{ id: randomUUID(), body: early }]);
    await post(id, [{ id: randomUUID(), body: late }]);
    expect(await find(`${early} ${late}`)).toEqual([id]);
  });

  it("change in every session that lists a message whose text changes", async () => {
    const [before, after, message] = [newWord(), newWord(), randomUUID()];
    const [one, other] = [randomUUID(), randomUUID()].sort();
    await post(String(one), [{ id: message, body: before }]);
    await post(String(other), [{ id: message, body: before }]);
    expect(await find(before)).toEqual([one, other]);
    await post(String(one), [{ id: message, body: after, updated_at: "2026-01-01T00:00:00.000001Z" }]);
    expect(await find(before)).toEqual([]);
    expect(await find(after)).toEqual([one, other]);
  });

  it("are asked of the full-text index only where the next sessions of the list do not fill the page", async () => {
    const [common, rare] = [newWord(), newWord()];
    for (let index = 0; index < 50; index += 1)
      await post(randomUUID(), [{ id: randomUUID(), body: index === 0 ? `${common} ${rare}` : common }]);
    const read = vi.spyOn(Database.prototype, "readForClients");
    const isAsked = async (filter: object, found = 1) => {
      read.mockClear();
      const page = `query ($filter: SessionFilter!) { sessions(first: 1, filter: $filter) { nodes { id } } }`;
      const { data } = await service.query<{ sessions: { nodes: object[] } }>(page, { filter });
      expect(data.sessions.nodes).toHaveLength(found);
      return read.mock.calls.some(([sql]) => sql.includes("MATCH"));
    };
    expect(await isAsked({ search: common })).toBe(false);
    expect(await isAsked({ search: rare })).toBe(true);
    // Of the few that the rest of a filter leaves, the words are looked at; SQLite's index is as quick.
    const few = { and: [{ search: common }, { userSentiment: { eq: "furious" } }] };
    expect(await isAsked(few, 0)).toBe(process.env.TEST_DATABASE_URL === undefined);
  });
});
