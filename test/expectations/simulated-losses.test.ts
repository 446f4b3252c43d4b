import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { runSimulation, type SimulationOptions } from "../../tools/simulate/run-simulation.js";
import { generateSessions } from "../../tools/simulate/generate.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

const patiently = { timeout: 20_000, interval: 200 };
/** Seconds: what the services of these tests wait for an analysis. */
const within = 2;

interface Row {
  readonly id: string;
  readonly lifecycle: number;
}

describe("a simulation that loses deliveries", () => {
  let test: TestDatabase;
  let database: Database;
  const services: TestService[] = [];
  beforeAll(async () => {
    test = await createTestDatabase();
    services.push(await start());
    const [service] = services;
    if (service === undefined) throw new Error("No service was started.");
    database = await Database.open(service.config.database, 2);
    // A file is one process's own; a server has two instances.
    if (!database.dialect.isEmbedded) services.push(await start());
  });
  afterEach(async () => {
    await expect.poll(overdueEntries, patiently).toHaveLength((await expectations()).length);
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
    await database.close();
    await test.drop();
  });

  const start = () => startService({ EXPECT_ANALYSIS_SECONDS: String(within) }, test);
  const url = () => `${services[0]?.url ?? ""}/webhooks/whippy`;
  const simulate = (options: Omit<SimulationOptions, "url">) => runSimulation({ url: url(), ...options });

  /** Sessions of a simulation that ended and were not analyzed, as the database has them. */
  async function unanalyzed(ids: readonly string[]): Promise<string[]> {
    const rows = await database.read<Row>(
      "SELECT id, lifecycle FROM sessions WHERE lifecycle = 2 ORDER BY id",
    );
    return rows.map(({ id }) => id).filter((id) => ids.includes(id));
  }

  async function expectations() {
    return await database.read<{
      sessionId: string;
      closedAt: string | null;
      openedAt: string;
      dueAt: string;
    }>(
      `SELECT session_id AS sessionId, closed_at AS closedAt, opened_at AS openedAt, due_at AS dueAt
       FROM expectations WHERE kind = 'ANALYSIS' ORDER BY session_id`,
    );
  }

  async function overdueEntries() {
    return await database.read(
      `SELECT f.event_id FROM session_feed f JOIN expectations x ON x.id = f.event_id
       WHERE x.kind = 'ANALYSIS' AND f.kind = 'OVERDUE' AND f.position IS NOT NULL`,
    );
  }

  const open = async () => (await expectations()).filter(({ closedAt }) => closedAt === null);

  it("has each session without an analysis reported once, and no other, across restarts and instances", async () => {
    const options = { sessions: 200, seed: 21, dropAnalyzed: 0.05 };
    const generated = [...generateSessions(options)];
    const summary = await simulate(options);
    expect(summary.lost).toBeGreaterThan(3);
    expect(summary.failures).toBe(0);
    await services[0]?.restart();
    const missing = await unanalyzed(generated.map(({ id }) => id));
    // Those that it never means to analyze are among them.
    const meant = generated.filter(({ progress }) => progress === "analyzed").map(({ id }) => id);
    expect(missing.filter((id) => meant.includes(id)).length).toBeGreaterThan(3);
    await expect
      .poll(async () => (await open()).map(({ sessionId }) => sessionId), patiently)
      .toEqual(missing);
    await services[0]?.restart();
    for (const { openedAt, dueAt } of await open()) expect(openedAt >= dueAt).toBe(true);
    // Late, they come after all.
    const late = generated.filter(({ id }) => missing.includes(id) && meant.includes(id));
    for (const { envelopes } of late) {
      for (const envelope of envelopes.filter(({ event }) => event.endsWith(".analyzed"))) {
        const answer = await services.at(-1)?.post(envelope);
        expect(answer?.status).toBe(200);
      }
    }
    const never = missing.filter((id) => !meant.includes(id));
    expect((await open()).map(({ sessionId }) => sessionId)).toEqual(never);
    expect(await expectations()).toHaveLength(missing.length);
  });

  it("has what ended before the silence reported, and nothing of what was never heard of", async () => {
    const before = await expectations();
    const options = { sessions: 400, seed: 22, shuffle: true, dropAllAfterMs: 3_000 };
    const generated = [...generateSessions(options)];
    const summary = await simulate(options);
    expect(summary.lost).toBeGreaterThan(10);
    const missing = await unanalyzed(generated.map(({ id }) => id));
    expect(missing.length).toBeGreaterThan(0);
    const found = async () =>
      (await expectations())
        .map(({ sessionId }) => sessionId)
        .filter((id) => !before.some(({ sessionId }) => sessionId === id));
    await expect.poll(found, patiently).toEqual(missing);
  });
});
