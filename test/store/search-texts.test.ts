import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sample, startService, type TestService } from "../service.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

it("finds the new messages of a session that shares others with an earlier session of its conversation", async () => {
  // In this order of ids MySQL's full-text index would lose the new one, if both came in one upsert.
  const [added = "", shared = ""] = [randomUUID(), randomUUID()].sort();
  const word = `w${randomUUID().replaceAll("-", "")}`;
  const post = async (id: string, bodies: readonly (readonly [id: string, body: string])[]) => {
    const event = await sample("started");
    const [message] = event.data.messages;
    event.request_id = randomUUID();
    Object.assign(event.data, { id, messages: bodies.map(([key, body]) => ({ ...message, id: key, body })) });
    expect((await service.post(event)).status).toBe(200);
  };
  const second = randomUUID();
  await post(randomUUID(), [[shared, "Hello"]]);
  await post(second, [
    [shared, "Hello"],
    [added, `My number is ${word}`],
  ]);
  const query = "query Found($text: String!) { sessions(filter: { search: $text }) { nodes { id } } }";
  const { data } = await service.query<{ sessions: { nodes: { id: string }[] } }>(query, { text: word });
  expect(data.sessions.nodes).toEqual([{ id: second }]);
});
