import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startProcess } from "../support/running-process.js";
import { createTestDatabase, startService } from "../support/service.js";
import { makeKey } from "../support/callers.js";

const redisUrl = process.env.TEST_REDIS_URL;

describe("limits that are counted in Redis", () => {
  it("tell of an outage once", async () => {
    const database = await createTestDatabase();
    const service = await startProcess({ DATABASE_URL: database.url, REDIS_URL: "redis://127.0.0.1:1" });
    await delay(2_000);
    await service.end("SIGTERM");
    expect(service.output().match(/each instance counts requests for itself/g)).toHaveLength(1);
    await database.drop();
  });

  it.runIf(redisUrl !== undefined)("are not shared by services on other databases", async () => {
    const databases = [await createTestDatabase(), await createTestDatabase()];
    const statuses = [];
    for (const database of databases) {
      await makeKey(database);
      const settings = { REDIS_URL: redisUrl ?? "", RATE_LIMIT_FAILURES: "1" };
      const service = await startService(settings, database);
      for (let attempt = 0; attempt < 2; attempt += 1)
        statuses.push((await service.query("{ __typename }")).status);
      await service.stop();
      await database.drop();
    }
    expect(statuses).toEqual([401, 429, 401, 429]);
  });
});
