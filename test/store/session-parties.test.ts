import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertRows } from "../../src/store/sql/statements.js";
import { sessionParties } from "../../src/store/sql/tables.js";
import { onDatabase } from "../support/callers.js";
import { sample, startService, type TestService } from "../support/service.js";

describe("who takes part in a session", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  interface Sent {
    readonly id: string;
    readonly from?: string | null;
    readonly to?: string | null;
    readonly contact_id?: string | null;
    readonly updated_at?: string;
  }

  async function post(id: string, sent: readonly Sent[]): Promise<void> {
    const event = await sample("started");
    const [message] = event.data.messages;
    const nobody = { from: null, to: null, contact_id: null };
    event.request_id = randomUUID();
    Object.assign(event.data, {
      id,
      messages: sent.map((changes) => ({ ...message, ...nobody, ...changes })),
    });
    expect((await service.post(event)).status).toBe(200);
  }

  async function partiesOf(id: string): Promise<string[]> {
    const rows = await onDatabase(service.database, (database) =>
      database.read<{ party: string }>("SELECT party FROM session_parties WHERE session_id = ?", [id]),
    );
    return rows.map(({ party }) => party).sort();
  }

  /** Sessions and messages of which a filter of messages finds some. */
  async function find(filter: object): Promise<{ sessions: string[]; messages: string[]; count: number }> {
    const { data, errors } = await service.query<{
      sessions: { nodes: { id: string }[] };
      messages: { nodes: { id: string }[]; totalCount: number };
    }>(
      `query ($sessions: SessionFilter!, $messages: MessageFilter!) {
        sessions(filter: $sessions) { nodes { id } }
        messages(filter: $messages) { nodes { id } totalCount }
      }`,
      { sessions: { messages: { some: filter } }, messages: filter },
    );
    expect(errors).toBeUndefined();
    const idsOf = ({ nodes }: { nodes: { id: string }[] }) => nodes.map(({ id }) => id).sort();
    return {
      sessions: idsOf(data.sessions),
      messages: idsOf(data.messages),
      count: data.messages.totalCount,
    };
  }

  const newAddress = () => `${randomUUID()}@example.org`;

  it("finds sessions and messages by an address, a list, a contact, and by either of two fields", async () => {
    const [one, other, contact] = [newAddress(), newAddress(), randomUUID()];
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const [a, b, c, d] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await post(first, [
      { id: a, from: one, to: "+12136991845" },
      { id: b, from: "+12136991845", to: one },
    ]);
    await post(second, [{ id: c, from: other, contact_id: contact }]);
    await post(third, [{ id: d, to: other }]);
    const found = (sessions: string[], messages: string[]) => ({
      sessions: sessions.sort(),
      messages: messages.sort(),
      count: messages.length,
    });
    expect(await find({ from: { eq: one } })).toEqual(found([first], [a]));
    expect(await find({ from: { in: [one, other] } })).toEqual(found([first, second], [a, c]));
    expect(await find({ or: [{ from: { eq: one } }, { to: { eq: one } }] })).toEqual(found([first], [a, b]));
    expect(await find({ or: [{ from: { eq: other } }, { to: { eq: other } }] })).toEqual(
      found([second, third], [c, d]),
    );
    expect(await find({ contactId: { eq: contact.toUpperCase() } })).toEqual(found([second], [c]));
    expect(await find({ from: { eq: one }, not: { from: { eq: one } } })).toEqual(found([], []));
    expect(await find({ or: [{ from: { eq: one } }, { id: { eq: d } }] })).toEqual(
      found([first, third], [a, d]),
    );
    expect(await find({ and: [{ from: { eq: other } }, { contactId: { eq: contact } }] })).toEqual(
      found([second], [c]),
    );
  });

  it("tells addresses apart that differ in the spaces at their ends", async () => {
    const [address, id, spaced] = [newAddress(), randomUUID(), randomUUID()];
    const session = randomUUID();
    await post(session, [
      { id, from: address },
      { id: spaced, from: `${address} ` },
    ]);
    expect(await partiesOf(session)).toEqual([address]);
    expect((await find({ from: { eq: address } })).messages).toEqual([id]);
    expect((await find({ from: { eq: `${address} ` } })).messages).toEqual([spaced]);
  });

  it("finds the messages of one that takes part in more sessions than are looked at", async () => {
    const [everywhere, session, message] = [newAddress(), randomUUID(), randomUUID()];
    await post(session, [{ id: message, from: everywhere }]);
    const others = Array.from({ length: 1_000 }, () => ({ sessionId: randomUUID(), party: everywhere }));
    await onDatabase(service.database, (database) =>
      database.transaction((transaction) => insertRows(transaction, sessionParties, others)),
    );
    expect(await find({ from: { eq: everywhere } })).toEqual({
      sessions: [session],
      messages: [message],
      count: 1,
    });
  });

  it("is what its messages say now, in every session that lists them", async () => {
    const [before, after, shared] = [newAddress(), newAddress(), randomUUID()];
    const [one, two] = [randomUUID(), randomUUID()];
    await post(one, [{ id: shared, from: before, updated_at: "2026-01-01T00:00:00Z" }]);
    await post(two, [{ id: shared, from: before, updated_at: "2026-01-01T00:00:00Z" }]);
    expect([await partiesOf(one), await partiesOf(two)]).toEqual([[before], [before]]);
    await post(two, [{ id: shared, from: after, updated_at: "2026-01-02T00:00:00Z" }]);
    expect([await partiesOf(one), await partiesOf(two)]).toEqual([[after], [after]]);
    expect((await find({ from: { eq: after } })).sessions).toEqual([one, two].sort());
  });

  it("grows where a later event lists other messages", async () => {
    const [early, late, id] = [newAddress(), newAddress(), randomUUID()];
    await post(id, [{ id: randomUUID(), from: early }]);
    await post(id, [{ id: randomUUID(), to: late }]);
    expect(await partiesOf(id)).toEqual([early, late].sort());
  });
});
