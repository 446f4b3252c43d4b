import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import { newClusterKey } from "../../src/store/writers/cluster-key.js";
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

it("a cluster key that another instance has made is made anew, of a session and of a message", async () => {
  const test = await createTestDatabase();
  const service = await startService({}, test);
  const first = await newEvent();
  expect((await service.post(first)).status).toBe(200);

  // For a minute each key is the one before and one. The next session comes first, then its messages.
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
