import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { startService, type TestService } from "../support/service.js";
import { storeVariedSessions } from "../support/varied-sessions.js";

const unselected = /transcript|summary|custom_analysis|provider_settings|\bbody|metadata|attachments/;

describe("statements of a query", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
    await storeVariedSessions(service, 30);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await service.stop();
  });

  /** The statements that a query makes the service send which read sessions or what hangs on them. */
  async function statementsOf(query: string): Promise<string[]> {
    const read = vi.spyOn(Database.prototype, "readForClients");
    const { errors } = await service.query(query);
    expect(errors).toBeUndefined();
    const statements = read.mock.calls.map(([sql]) => sql);
    read.mockRestore();
    return statements.filter((sql) => /\b(sessions|messages|analyses|agent_version_revisions) /.test(sql));
  }

  it.each([
    ["sessions(first: N) { nodes { id status } }", 1],
    ["sessions(first: N) { totalCount nodes { id } }", 2],
    ["sessions(first: N) { totalCount }", 1],
    ["sessions(first: N) { nodes { messages(first: 3) { totalCount } } }", 1],
    ["messages(first: N) { totalCount }", 1],
    [
      `sessions(first: N) { nodes { messages(last: 2, filter: { direction: { eq: "INBOUND" } }) {
        totalCount nodes { id } } } }`,
      3,
    ],
    ["agentVersions(first: N) { nodes { sessions(last: 2) { totalCount nodes { id } } } }", 3],
    ["sessions(first: N) { nodes { messages(first: 3) { nodes { body } } } }", 2],
    // These versions have several contents; see known-versions.test.ts of those that have one.
    ["sessions(first: N) { nodes { agentVersion { name } } }", 2],
    ["sessions(first: N) { nodes { agentVersion { name description } } }", 2],
    ["sessions(first: N) { nodes { agentVersion { name } analysis { answers { name value } } } }", 4],
    ["sessions(first: N) { nodes { analysis { chatSummary } analysisHistory { answers { name } } } }", 4],
    ["sessions(first: N) { nodes { agentVersionRevision { name agentVersion { name } } } }", 3],
    [
      `sessions(first: N) { nodes { messages(first: 3) { nodes { id } } analysisHistory { id } agentVersion { name
        sessions(first: 1) { nodes { id } } } } }`,
      5,
    ],
    ["agentVersions(first: N) { nodes { sessions(first: 2) { totalCount eventCursor nodes { id } } } }", 3],
    [
      // What two places share and one of them says again.
      `a: agentVersions(first: N) { nodes { ...G } }
       b: agentVersions(first: N) { nodes { ...G sessions(first: 1) { eventCursor nodes { id } } } } }
       fragment G on AgentVersion { sessions(first: 1) { totalCount }`,
      5,
    ],
    ["agents(first: N) { totalCount nodes { name } }", 2],
    ["agents(first: N) { nodes { versions(first: 2) { totalCount nodes { name } } } }", 3],
    ["agents(first: N) { nodes { sessions(last: 2) { totalCount nodes { agent { id } } } } }", 3],
    ["agentVersions(first: N, orderBy: [{ field: NAME }]) { nodes { agent { name } } }", 2],
    ["sessions(first: N) { nodes { agent { name } conversation { id } } }", 2],
    ["sessions(first: N) { nodes { conversation { sessions(first: 2) { totalCount nodes { id } } } } }", 3],
    ["sessions(first: N) { nodes { conversation { messages(first: 2) { totalCount nodes { id } } } } }", 3],
    [
      "messages(first: N) { nodes { conversation { messages(last: 2) { nodes { conversation { id } } } } } }",
      2,
    ],
    ['sessions(first: N, filter: { search: "a" }) { nodes { id } }', 2],
    [
      'sessions(first: N, filter: { answers: [{ name: "Willing", boolean: { null: true } }] }) { nodes { id } }',
      2,
    ],
    ["sessionStats(groupBy: [{ field: AGENT }]) { count }", 1],
    ["sessionStats(groupBy: [{ field: AGENT }]) { count failedMessageCount }", 1],
    [
      "sessionStats(filter: { messageCount: { lte: N } }, groupBy: [{ field: AGENT }]) { groups { agentVersion { name } } }",
      2,
    ],
    [
      `sessionStats(filter: { messageCount: { lte: N } }, groupBy: [{ field: AGENT_VERSION }, { field: AGENT }], interval: DAY) {
        groups { agentVersion { name sessions(first: 1) { nodes { id } } } } }`,
      4,
    ],
  ])("are as many for few rows as for many: %s", async (shape, most) => {
    // What is kept in memory of agent versions is read before.
    await statementsOf(`{ ${shape.replace(/\bN\b/g, "30")} }`);
    const few = await statementsOf(`{ ${shape.replace(/\bN\b/g, "2")} }`);
    const many = await statementsOf(`{ ${shape.replace(/\bN\b/g, "30")} }`);
    expect(few.length).toBe(most);
    expect(many.length).toBe(most);
  });

  it("read nothing that was not selected, or is left out", async () => {
    // Compiled from the second time on.
    for (let time = 0; time < 3; time += 1) {
      const leftOut = await statementsOf(
        `query ($no: Boolean = false, $yes: Boolean = true) {
          sessions(first: 5) { nodes {
            id chatTranscript @include(if: $no) ... @skip(if: $yes) { chatSummary } ...Texts @include(if: false)
            analysisHistory { id userSentiment } messages(first: 2) { nodes { id body @skip(if: true) } } } }
          ... @include(if: $no) { sessions(first: 5) { nodes { chatTranscript agentVersion { providerSettings } } } } }
          fragment Texts on Session { customAnalysisData messages(first: 2) { nodes { metadata } } }`,
      );
      expect(leftOut).toHaveLength(3);
      for (const sql of leftOut) expect(sql).not.toMatch(unselected);
      const ofTypes = await statementsOf(
        `{ node(id: "00000000-0000-4000-8000-000000000000") { id ... on Message { language } ... on Node { ... on AgentVersion { name } } } }`,
      );
      expect(ofTypes.filter((sql) => /[sa]\.language|[sm]\.name/.test(sql))).toEqual([]);
    }
    const texts =
      "query ($if: Boolean!) { sessions(first: 1) { nodes { id chatSummary @include(if: $if) } } }";
    for (const asked of [true, false, true]) {
      const { data } = await service.query<{ sessions: { nodes: object[] } }>(texts, { if: asked });
      expect(Object.keys(data.sessions.nodes[0] ?? {})).toEqual(asked ? ["id", "chatSummary"] : ["id"]);
    }
    const statements = await statementsOf(
      `{ sessions(first: 5) { nodes { id status messages(first: 2) { nodes { id } } agentVersion { name } } }
        sessionStats(groupBy: [{ field: AGENT }, { field: AGENT_VERSION }]) { groups { agentVersion { name } } } }`,
    );
    for (const sql of statements) expect(sql).not.toMatch(unselected);
  });

  it("read nothing that is left out, whatever another operation of the document asks", async () => {
    const query = `
      query A($a: Boolean!) { sessions(first: 5) { nodes { id chatTranscript @include(if: $a) } } }
      query B($b: Boolean!) { ...F }
      fragment F on Query { sessions(first: 5) @include(if: $b) { nodes { chatTranscript } } }`;
    const read = vi.spyOn(Database.prototype, "readForClients");
    for (let time = 0; time < 3; time += 1) {
      const response = await fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ query, operationName: "A", variables: { a: false } }),
      });
      expect(await response.json()).toMatchObject({ data: { sessions: { nodes: [{}, {}, {}, {}, {}] } } });
    }
    const statements = read.mock.calls.map(([sql]) => sql).filter((sql) => sql.includes("FROM sessions"));
    expect(statements).toHaveLength(3);
    for (const sql of statements) expect(sql).not.toMatch(unselected);
  });
});
