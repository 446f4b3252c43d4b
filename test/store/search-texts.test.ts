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
  const [shared, added] = [randomUUID(), randomUUID()];
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
  const found = async () => {
    const { data } = await service.query<{ sessions: { nodes: { id: string }[] } }>(query, { text: word });
    return data.sessions.nodes;
  };
  // MySQL's full-text index may show a new table's first rows a moment after their commit.
  await expect.poll(found, { timeout: 10_000 }).toEqual([{ id: second }]);
});
