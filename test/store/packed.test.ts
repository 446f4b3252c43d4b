import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pack, unpack } from "../../src/model/packed.js";
import { onDatabase } from "../support/callers.js";
import { createTestDatabase, sample, startService, type TestDatabase } from "../support/service.js";

describe("a packed body", () => {
  it.each([
    ["empty", Buffer.alloc(0)],
    ["random", randomBytes(100_000)],
    ["larger than what is packed at once", Buffer.from("long ".repeat(200_000))],
  ])("is the same again where it was %s", async (_, body) => {
    expect(unpack(await pack(body)).equals(body)).toBe(true);
  });
});

describe("a transcript", () => {
  it.each([
    ["empty", ""],
    ["short", "Agent: Größe, 求人, 🙏"],
    ["longer than what is packed at once", "Agent: Hello. ".repeat(40_000)],
  ])("is served as it came where it was %s, and found by what it holds", async (_, transcript) => {
    const service = await startService();
    const event = await sample("analyzed");
    Object.assign(event.data, { chat_transcript: transcript, translated_chat_transcript: null });
    expect((await service.post(event)).status).toBe(200);
    const { data } = await service.query(
      `query ($filter: SessionFilter) { sessions(filter: $filter) {
        nodes { chatTranscript translatedChatTranscript } } }`,
      { filter: { chatTranscript: transcript === "" ? { eq: "" } : { contains: transcript.slice(-10) } } },
    );
    await service.stop();
    expect(data).toEqual({
      sessions: { nodes: [{ chatTranscript: transcript, translatedChatTranscript: null }] },
    });
  });
});

describe("the body of a stored event", () => {
  let database: TestDatabase;
  const body = sample("analyzed").then((event) => JSON.stringify(event));
  beforeAll(async () => {
    database = await createTestDatabase();
    const service = await startService({}, database);
    expect((await service.post(await body)).status).toBe(200);
    await service.stop();
  });
  afterAll(async () => {
    await database.drop();
  });

  it("takes less than half of what came, which is what its size says", async () => {
    const [row] = await onDatabase(database, (opened) =>
      opened.read("SELECT LENGTH(body) * 2 < size_bytes AS isSmall, size_bytes AS size FROM webhook_events"),
    );
    expect(row).toEqual({ isSmall: 1, size: Buffer.byteLength(await body) });
  });

  it.runIf(process.env.TEST_DATABASE_URL)("is what UNCOMPRESS shows on a server", async () => {
    const [row] = await onDatabase(database, (opened) =>
      opened.read<{ body: Buffer }>("SELECT UNCOMPRESS(body) AS body FROM webhook_events"),
    );
    expect(row?.body.toString()).toBe(await body);
  });
});
