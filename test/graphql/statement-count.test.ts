import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { sample, startService, type TestService } from "../support/service.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
  for (let index = 0; index < 50; index += 1) {
    const event = await sample("analyzed");
    event.request_id = randomUUID();
    event.data.id = randomUUID();
    event.data.agent_version.id = randomUUID();
    for (const message of event.data.messages) message.id = randomUUID();
    expect((await service.post(event)).status).toBe(200);
  }
});
afterAll(async () => {
  await service.stop();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const list = `query List($first: Int!) {
  sessions(first: $first) {
    nodes {
      id
      agentVersion { name questions { name } revisions { name } }
      agentVersionRevision { questions { name } agentVersion { name } }
      analysis { answers { name value } agentVersionRevision { name } }
      analysisHistory { chatSummary }
      messages(first: 1) { nodes { body } totalCount }
    }
    totalCount
  }
}`;

it("reads 50 sessions with messages and agent versions in as many statements as 2", async () => {
  const read = vi.spyOn(Database.prototype, "readForClients");
  const statementsFor = async (first: number) => {
    read.mockClear();
    const { data, errors } = await service.query<{ sessions: { nodes: object[] } }>(list, { first });
    expect(errors).toBeUndefined();
    expect(data.sessions.nodes).toHaveLength(first);
    // The service also looks after keys and the feed meanwhile.
    return read.mock.calls.filter(([sql]) =>
      /FROM (?:sessions|session_messages|analyses|agent_version)/.test(sql),
    ).length;
  };
  const few = await statementsFor(2);
  expect(await statementsFor(50)).toBe(few);
  // The page, its count, and one each for agent versions, their revisions, carried revisions and their
  // versions, analyses, their questions and revisions, histories and messages.
  expect(few).toBeLessThanOrEqual(11);
});
