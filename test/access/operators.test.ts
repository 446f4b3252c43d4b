import "reflect-metadata";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { eventOf, makeKey, organizationA } from "../support/callers.js";

describe("what is about the service itself", () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    await makeKey(database);
    service = await startService({}, database);
    expect((await service.post(await eventOf(organizationA, "a1"))).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  const read = async (headers: Record<string, string>) => ({
    raw: await service.query("{ webhookEvents { totalCount nodes { requestId body } } }", {}, headers),
    metrics: await fetch(`${service.url}/metrics`, { headers }),
  });

  it.each(["reader", "masked_reader"] as const)(
    "is forbidden to a %s, also of all organizations",
    async (role) => {
      for (const organization of [organizationA, null]) {
        const { header } = await makeKey(database, { role, organization });
        const { raw, metrics } = await read(header);
        expect(raw.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
        expect(JSON.stringify(raw)).not.toContain("3237452021");
        expect(metrics.status).toBe(403);
        expect(await metrics.json()).toMatchObject({ title: "FORBIDDEN" });
      }
    },
  );

  it("is told to nobody without a key", async () => {
    const { raw, metrics } = await read({});
    expect([raw.status, metrics.status]).toEqual([401, 401]);
    expect(await metrics.text()).not.toContain("webhook");
  });

  it("is told to an operator", async () => {
    const { header } = await makeKey(database, { role: "operator" });
    const { raw, metrics } = await read(header);
    expect(raw.errors).toBeUndefined();
    expect(raw.data).toMatchObject({ webhookEvents: { totalCount: 1 } });
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain("graphql_subscriptions_open");
  });
});
