import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKey, rawSocket } from "../support/callers.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

/** Each of its fields is compared with each other one, and it is another text each time. */
const slow = (index: number) => `{ ${"sessions { nodes { id } } ".repeat(600)} } # ${index}`;
const quick = "{ __typename }";
/** A second's worth of texts, on a machine that takes 15 ms for one. */
const enough = 70;

describe("texts that take long to validate", { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let service: TestService;
  let keys: { Authorization: string }[];
  beforeAll(async () => {
    database = await createTestDatabase();
    keys = [
      (await makeKey(database)).header,
      (await makeKey(database)).header,
      (await makeKey(database)).header,
      (await makeKey(database)).header,
    ];
    service = await startService({ GRAPHQL_VALIDATION_SECONDS: "1" }, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const codeOf = async (query: string, key = 0) => {
    const { errors } = await service.query(query, {}, keys[key]);
    return errors?.[0]?.extensions.code;
  };

  it("are refused once a caller's texts have taken their time, and the other callers' are not", async () => {
    let tried = 0;
    while ((await codeOf(slow(tried))) !== "RATE_LIMITED" && tried < enough) tried += 1;
    expect(tried).toBeGreaterThan(0);
    expect(tried).toBeLessThan(enough);
    expect(await codeOf(quick)).toBe("RATE_LIMITED");
    expect(await codeOf(quick, 1)).toBeUndefined();
    const stream = await fetch(`${service.url}/graphql/stream`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...keys[0] },
      body: JSON.stringify({ query: quick }),
    });
    expect(await stream.text()).toContain("RATE_LIMITED");
  });

  it("are counted on a socket too", async () => {
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload: keys[2] });
    await expect.poll(() => socket.received.length).toBe(1);
    for (let index = 0; index < enough; index += 1)
      socket.send({ type: "subscribe", id: String(index), payload: { query: slow(index) } });
    await expect
      .poll(() => JSON.stringify(socket.received.at(-1)), { timeout: 60_000 })
      .toContain("RATE_LIMITED");
    socket.socket.close();
    expect(await codeOf(quick, 2)).toBe("RATE_LIMITED");
  });

  it("are not asked for by their hash alone either: those may have to be validated each time", async () => {
    const sha256Hash = createHash("sha256").update(quick).digest("hex");
    const byHash = async (key: number) => {
      const response = await fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...keys[key] },
        body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash } } }),
      });
      return await response.text();
    };
    expect(await byHash(3)).toContain("PERSISTED_QUERY_NOT_FOUND");
    let tried = 0;
    while ((await codeOf(slow(tried), 3)) !== "RATE_LIMITED" && tried < enough) tried += 1;
    expect(await byHash(3)).toContain("RATE_LIMITED");
  });

  it("may be as many as they like where they are quick", async () => {
    for (let index = 0; index < 200; index += 1)
      expect(await codeOf(`{ __typename } # ${index}`, 1)).toBeUndefined();
  });
});
