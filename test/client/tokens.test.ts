import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ConnectionLostError, isUnauthenticated, sessionsQuery } from "../../client/src/index.js";
import { Tokens } from "../../client/src/tokens.js";
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

  it("is asked for anew once, however many queries and subscriptions were refused with it", async () => {
    const old = await token(claims, { secret: "x".repeat(32) });
    const source = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return await token(claims);
    });
    source.mockImplementationOnce(() => Promise.resolve(old));
    let arrived = 0;
    const client = clientOf(service.url, way, {
      token: source,
      // The refusals come one after another, each while the new token is waited for or already there.
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        arrived += 1;
        await new Promise((resolve) => setTimeout(resolve, arrived * 50));
        return response;
      },
    });
    const queries = Array.from({ length: 4 }, () => client.query(sessionsQuery, { first: 1 }));
    const states: string[] = [];
    const followed = Array.from({ length: 2 }, () =>
      followEvents(client, { onState: (state) => states.push(state) }),
    );
    for (const { sessions } of await Promise.all(queries)) expect(sessions?.nodes).toBeDefined();
    await vi.waitFor(() => {
      expect(states.filter((state) => state === "live")).toHaveLength(followed.length);
    }, atMost);
    expect(source).toHaveBeenCalledTimes(2);
    client.close();
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

describe.each(ways)("a token that never comes (%s)", (way) => {
  const never = () => new Promise<string>(() => undefined);

  it("is asked for again", async () => {
    const service = await startService({ JWT_SECRET: jwtSecret });
    const source = vi.fn(never).mockImplementation(() => token(claims));
    source.mockImplementationOnce(never).mockImplementationOnce(never);
    const client = clientOf(service.url, way, { token: source, stallMilliseconds: 300 });
    const failures: unknown[] = [];
    const states: string[] = [];
    const following = followEvents(client, {
      from: "no cursor",
      onState: (state, error) => {
        states.push(state);
        if (error !== undefined) failures.push(error);
      },
    });
    // The third token comes, so the service gets to say what is wrong with the cursor.
    expect(await following.over).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(source).toHaveBeenCalledTimes(3);
    expect(states).toContain("waiting");
    expect(failures[0]).toBeInstanceOf(ConnectionLostError);
    client.close();
    await service.stop();
  });

  it("keeps neither queries nor the end of the client waiting", async () => {
    const client = clientOf("http://127.0.0.1:9", way, { token: never });
    const following = followEvents(client, { from: "x" });
    await expect(client.query(sessionsQuery, {}, { timeoutMilliseconds: 100 })).rejects.toThrow(
      new ConnectionLostError("No token came in time."),
    );
    const asked = client.query(sessionsQuery);
    client.close();
    await expect(asked).rejects.toThrow(ConnectionLostError);
    expect(await following.over).toBeUndefined();
  });
});

it("a token that comes after another was asked for does not say when that one ends", async () => {
  let come: (token: string) => void = () => undefined;
  const source = vi.fn(() => token(claims, { expires: "1h" }));
  source.mockImplementationOnce(() => new Promise((resolve) => (come = resolve)));
  const tokens = new Tokens(source, 50);
  await expect(tokens.current()).rejects.toThrow("No token could be got.");
  const second = await tokens.current();
  come(await token(claims, { expires: "2s" }));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(await tokens.current()).toBe(second);
  expect(source).toHaveBeenCalledTimes(2);
});

it("a token that is about to end when it comes is used until it is refused", async () => {
  const source = vi.fn(() => token(claims, { expires: "1s" }));
  const tokens = new Tokens(source);
  await tokens.current();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const refused = await tokens.current();
  expect(source).toHaveBeenCalledTimes(1);
  tokens.forget(refused);
  await tokens.current();
  expect(source).toHaveBeenCalledTimes(2);
});

it("a token that has ended by a clock that is ahead is used until it is refused", async () => {
  const source = vi.fn(() => token(claims, { expires: "-1h" }));
  const tokens = new Tokens(source);
  await tokens.current();
  await tokens.current();
  expect(source).toHaveBeenCalledTimes(1);
  vi.useFakeTimers();
  try {
    const renew = vi.fn();
    const callOff = tokens.onRenewal(renew);
    await vi.advanceTimersByTimeAsync(60_000);
    callOff();
    expect(renew).not.toHaveBeenCalled();
  } finally {
    vi.useRealTimers();
  }
});
