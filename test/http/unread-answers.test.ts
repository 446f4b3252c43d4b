import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKey, rawSocket } from "../support/callers.js";
import { readMetrics, sumOf } from "../support/metrics.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { createTestDatabase, type TestDatabase, type TestService } from "../support/service.js";
import { largeQuery, openPaused, postLarge } from "../support/slow-readers.js";

const answers = 40;
const wholeAnswer = 15_000_000;
/** All answers together took more than 600 MB. */
const mostGrowth = 300_000_000;
const stallSeconds = 3;

describe("answers that nobody reads", () => {
  let database: TestDatabase;
  let service: RunningProcess;
  let operator: Record<string, string>;
  let abuser: { Authorization: string };
  beforeAll(async () => {
    database = await createTestDatabase();
    operator = (await makeKey(database, { role: "operator" })).header;
    abuser = (await makeKey(database, { role: "operator" })).header;
    service = await startProcess({
      DATABASE_URL: database.url,
      SUBSCRIPTION_STALL_SECONDS: String(stallSeconds),
    });
    await postLarge(service.url, 5, 3_000_000);
    // Whoever reads gets all of it.
    const text = await (await ask(largeQuery)).text();
    expect(text.length).toBeGreaterThan(wholeAnswer);
  });
  afterAll(async () => {
    await service.end("SIGTERM");
    await database.drop();
  });

  const ask = (query: string) =>
    fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...operator },
      body: JSON.stringify({ query }),
    });

  async function residentBytes(): Promise<number> {
    const text = await (await fetch(`${service.url}/metrics`, { headers: operator })).text();
    return Number(/^process_resident_memory_bytes (.+)$/m.exec(text)?.[1]);
  }

  const closings = () => service.output().split("a client that does not read is closed").length - 1;

  /** Serves others until so many connections are closed. @returns by how much the process grows at most */
  async function growthUntilClosed(count: number): Promise<number> {
    const [before, closedBefore] = [await residentBytes(), closings()];
    let greatest = 0;
    while (closings() < closedBefore + count) {
      greatest = Math.max(greatest, await residentBytes());
      expect((await ask("{ sessions(first: 1) { nodes { id } } }")).status).toBe(200);
      await delay(100);
    }
    return greatest - before;
  }

  it("are bounded on a WebSocket, and it is closed", async () => {
    const { socket, send, received, closed } = await rawSocket(service as unknown as TestService);
    send({ type: "connection_init", payload: abuser });
    await expect.poll(() => received[0]?.type).toBe("connection_ack");
    for (let id = 0; id < answers; id += 1)
      send({ type: "subscribe", id: String(id), payload: { query: largeQuery } });
    socket.pause();
    expect(await growthUntilClosed(1)).toBeLessThan(mostGrowth);
    // A client learns that it is closed once it reads.
    socket.resume();
    await closed;
    expect(received.filter(({ type }) => type === "next").length).toBeLessThan(answers / 2);
  }, 90_000);

  const parameters = new URLSearchParams({ query: largeQuery }).toString();
  it.each([`/graphql?${parameters}`, `/graphql/stream?${parameters}`, "/export/sessions.ndjson"])(
    "are bounded on connections to %s, and these are closed",
    async (target) => {
      const headers = `Host: localhost\r\nAuthorization: ${abuser.Authorization}\r\nApollo-Require-Preflight: 1\r\nConnection: close`;
      const request = `GET ${target} HTTP/1.1\r\n${headers}\r\n\r\n`;
      const readers = await Promise.all(
        Array.from({ length: answers }, () => openPaused(service.url, request)),
      );
      expect(await growthUntilClosed(10)).toBeLessThan(mostGrowth);
      for (const reader of readers) reader.destroy();
    },
    90_000,
  );

  it("are waited for by so many requests of a caller, and no more", async () => {
    const headers = `Host: localhost\r\nAuthorization: ${abuser.Authorization}\r\nApollo-Require-Preflight: 1`;
    const refused = async () =>
      sumOf(await readMetrics(service.url, operator), "limit_refusals_total", { limit: "waiting_answers" }) ??
      0;
    const open = async (target: string, count: number) => {
      const before = await refused();
      const request = `GET ${target} HTTP/1.1\r\n${headers}\r\n\r\n`;
      const opened = Array.from({ length: count }, () => openPaused(service.url, request));
      await expect.poll(refused, { timeout: 60_000 }).toBeGreaterThan(before);
      return await Promise.all(opened);
    };
    const readers = [
      ...(await open(`/graphql?${parameters}`, 1_300)),
      ...(await open("/export/sessions.ndjson", 300)),
    ];
    expect((await ask("{ sessions(first: 1) { nodes { id } } }")).status).toBe(200);
    for (const reader of readers) reader.destroy();
  }, 150_000);
});
