import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { clusterKeys, newClusterKey } from "../../src/store/writers/cluster-key.js";
import { onDatabase } from "../support/callers.js";
import { createTestDatabase, sample, startService } from "../support/service.js";

/** An event of another session than any before, with messages of its own. */
async function newEvent() {
  const event = await sample("analyzed");
  event.request_id = randomUUID();
  event.data.id = randomUUID();
  for (const message of event.data.messages) message.id = randomUUID();
  return event;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("the cluster keys of two instances", () => {
  const half = 10_000;

  /** How many keys both make, who each make so many in each millisecond. */
  function common(perMillisecond: number, before: () => void = () => undefined): number {
    vi.useFakeTimers({ now: Date.UTC(2026, 5, 1), toFake: ["Date"] });
    const [one, other] = [clusterKeys(), clusterKeys()];
    const made = { one: [one()], other: [other()] };
    before();
    for (let count = 0; count < half; count += 1) {
      if (count % perMillisecond === 0) vi.setSystemTime(Date.now() + 1);
      made.one.push(one());
      made.other.push(other());
    }
    for (const keys of [made.one, made.other]) {
      expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
      expect(keys.every(Number.isSafeInteger)).toBe(true);
    }
    const ofOne = new Set(made.one);
    return made.other.filter((key) => ofOne.has(key)).length;
  }

  it("are seldom the same where both make some in each millisecond", () => {
    expect(common(15)).toBeLessThan(half / 50);
  });

  it("are seldom the same after their clock was set back", () => {
    expect(common(15, () => vi.setSystemTime(Date.now() - 3_600_000))).toBeLessThan(half / 50);
  });
});

it("a cluster key that another instance has made is made anew, of a session and of a message", async () => {
  const test = await createTestDatabase();
  const service = await startService({}, test);
  const first = await newEvent();
  expect((await service.post(first)).status).toBe(200);

  // Each key is the one before and one. The next session comes first, then its messages.
  vi.spyOn(Math, "random").mockReturnValue(0);
  vi.spyOn(Date, "now").mockReturnValueOnce(Date.now() + 60_000);
  const last = newClusterKey();
  const session = last + 1;
  const message = session + first.data.messages.length + 2;
  await onDatabase(test, (database) =>
    database.transaction(async (transaction) => {
      const [{ key } = { key: 0 }] = await transaction.query<{ key: number }>(
        "SELECT MIN(cluster_key) AS `key` FROM messages",
      );
      await transaction.execute("UPDATE sessions SET cluster_key = ?", [session]);
      await transaction.execute("UPDATE session_messages SET session_key = ?", [session]);
      await transaction.execute("UPDATE messages SET cluster_key = ? WHERE cluster_key = ?", [message, key]);
      await transaction.execute("UPDATE session_messages SET message_key = ? WHERE message_key = ?", [
        message,
        key,
      ]);
    }),
  );

  const second = await newEvent();
  expect(await (await service.post(second)).json()).toMatchObject({ status: "stored" });
  const made = newClusterKey() - last - 1;
  expect(made).toBe(3 * (1 + second.data.messages.length));
  for (const { data } of [first, second]) {
    const { data: read } = await service.query<{ session: { messages: { nodes: { id: string }[] } } }>(
      "query ($id: ID!) { session(id: $id) { messages { nodes { id } } } }",
      { id: data.id },
    );
    expect(read.session.messages.nodes.map(({ id }) => id).sort()).toEqual(
      data.messages.map(({ id }) => String(id)).sort(),
    );
  }
  await service.stop();
  await test.drop();
});
