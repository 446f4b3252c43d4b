import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";

describe("what a session counts of its messages", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  /** @param changed what each message says, by its id; a text alone is its delivery status */
  async function post(
    id: string,
    changed: Readonly<Record<string, string | Readonly<Record<string, string | null>>>>,
    updatedAt: string,
  ) {
    const event = await sample("ended");
    const [message] = event.data.messages;
    event.request_id = randomUUID();
    const messages = Object.entries(changed).map(([key, fields]) => ({
      ...message,
      ...(typeof fields === "string" ? { delivery_status: fields } : fields),
      id: key,
      updated_at: updatedAt,
    }));
    Object.assign(event.data, { id, messages });
    expect((await service.post(event)).status).toBe(200);
  }

  async function failed(id: string): Promise<unknown> {
    const { data } = await service.query<{ session: { failedMessageCount: number } }>(
      `{ session(id: "${id}") { failedMessageCount } }`,
    );
    return data.session.failedMessageCount;
  }

  it("knows how many messages a person sent, and follows what becomes of them in other sessions", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    const counts = async () => {
      const { data } = await service.query<{
        sessions: { nodes: { id: string; manualMessageCount: number }[] };
      }>(
        `{ sessions(filter: { id: { in: ["${one}", "${other}"] }, manualMessageCount: { gt: 0 } }) {
          nodes { id manualMessageCount } } }`,
      );
      const found = new Map(
        data.sessions.nodes.map(({ id, manualMessageCount }) => [id, manualMessageCount]),
      );
      return [one, other].map((id) => found.get(id) ?? 0);
    };
    const byPerson = { direction: "OUTBOUND", mode: "manual" };
    const byAgent = { direction: "OUTBOUND", mode: "ai" };
    const byContact = { direction: "INBOUND", mode: "manual" };
    await post(one, { [a]: byPerson, [b]: byAgent, [c]: byContact }, "2026-01-01T00:00:00.000001Z");
    await post(other, { [b]: byAgent }, "2026-01-01T00:00:00.000001Z");
    expect(await counts()).toEqual([1, 0]);
    await post(one, { [b]: byPerson }, "2026-01-01T00:00:00.000002Z");
    expect(await counts()).toEqual([2, 1]);
    await post(other, { [b]: byAgent }, "2026-01-01T00:00:00.000003Z");
    expect(await counts()).toEqual([1, 0]);
  });

  it("follows the messages' states, those that a later event does not list and those of other sessions too", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await post(one, { [a]: "failed", [b]: "sent" }, "2026-01-01T00:00:00.000001Z");
    await post(other, { [b]: "sent", [c]: "delivery_failed" }, "2026-01-01T00:00:00.000001Z");
    expect([await failed(one), await failed(other)]).toEqual([1, 1]);
    await post(one, { [b]: "sending_failed" }, "2026-01-01T00:00:00.000002Z");
    expect([await failed(one), await failed(other)]).toEqual([2, 2]);
    // What is older than what is known changes nothing.
    await post(other, { [b]: "delivered" }, "2026-01-01T00:00:00.000001Z");
    expect([await failed(one), await failed(other)]).toEqual([2, 2]);
    await post(other, { [b]: "delivered" }, "2026-01-01T00:00:00.000003Z");
    expect([await failed(one), await failed(other)]).toEqual([1, 1]);
  });

  it("follows each of many messages that an event changes at once", async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const ids = Array.from({ length: 1_100 }, () => randomUUID());
    const some = [ids[0], ids[600], ids.at(-1)].map(String);
    const all = (keys: readonly string[], status: string) =>
      Object.fromEntries(keys.map((key) => [key, status]));
    await post(one, all(ids, "sent"), "2026-01-01T00:00:00.000001Z");
    await post(other, all(some, "sent"), "2026-01-01T00:00:00.000001Z");
    await post(one, all(ids, "failed"), "2026-01-01T00:00:00.000002Z");
    expect([await failed(one), await failed(other)]).toEqual([ids.length, some.length]);
  });
});
