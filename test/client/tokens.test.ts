import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isUnauthenticated, sessionsQuery } from "../../client/src/index.js";
import { eventOf, jwtSecret, organizationA, token } from "../support/callers.js";
import { clientOf, followEvents, ways } from "../support/client-kit.js";
import { startService, type TestService } from "../support/service.js";

const claims = { organization_id: organizationA, role: "reader" };
const atMost = { timeout: 15_000, interval: 20 };

describe.each(ways)("a client's token (%s)", (way) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ JWT_SECRET: jwtSecret });
  });
  afterAll(async () => {
    await service.stop();
  });

  it("is renewed before it ends, and the subscription misses nothing", async () => {
    const source = vi.fn(() => token(claims, { expires: "3s" }));
    const client = clientOf(service.url, way, { token: source });
    const failures: unknown[] = [];
    const states: string[] = [];
    const following = followEvents(client, {
      onState: (state, error) => {
        states.push(state);
        if (error !== undefined) failures.push(error);
      },
    });
    await vi.waitFor(() => {
      expect(states).toContain("live");
    }, atMost);
    const posted: string[] = [];
    while (source.mock.calls.length < 3) {
      const event = await eventOf(organizationA, crypto.randomUUID().slice(0, 8));
      expect((await service.post(event)).status).toBe(200);
      posted.push(String(event.data.id));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await vi.waitFor(() => {
      expect(following.sessionIds).toEqual(posted);
    }, atMost);
    // It was never refused: each new connection came before the end of the old token.
    expect(failures).toEqual([]);
    client.close();
  });

  it("is asked for anew when it is refused, and given up where the next is refused too", async () => {
    const tokens = [await token(claims, { secret: "x".repeat(32) }), await token(claims)];
    const client = clientOf(service.url, way, { token: () => tokens.shift() ?? "nonsense" });
    const { sessions } = await client.query(sessionsQuery, { first: 1 });
    expect(sessions?.nodes).toBeDefined();
    const refused = clientOf(service.url, way, { token: () => "nonsense" });
    expect(isUnauthenticated(await followEvents(refused).over)).toBe(true);
    await expect(refused.query(sessionsQuery)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const fixed = clientOf(service.url, way, { token: "nonsense" });
    expect(isUnauthenticated(await followEvents(fixed, { from: "x" }).over)).toBe(true);
    for (const each of [client, refused, fixed]) each.close();
  });

  it("may be out of reach for a while", async () => {
    let calls = 0;
    const client = clientOf(service.url, way, {
      token: () => {
        calls += 1;
        if (calls < 3) throw new Error("The issuer is away.");
        return token(claims);
      },
    });
    const states: string[] = [];
    const following = followEvents(client, { onState: (state) => states.push(state) });
    await vi.waitFor(() => {
      expect(states).toContain("live");
    }, atMost);
    expect(calls).toBe(3);
    client.close();
    expect(await following.over).toBeUndefined();
  });
});
