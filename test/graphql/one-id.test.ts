import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

interface Event {
  readonly version: string;
  readonly name: string;
  readonly day: number;
  readonly session?: string;
  readonly organization?: string;
}

async function post({ version, name, day, session, organization }: Event): Promise<string> {
  const event = await sample("analyzed");
  event.request_id = randomUUID();
  event.created_at = `2025-08-${day}T00:00:00Z`;
  event.data.id = session ?? randomUUID();
  event.data.messages = [];
  event.data.agent_version.id = version;
  event.data.agent_version.name = name;
  event.data.agent_version.agent_id = version;
  event.data.agent_version.organization_id = organization ?? event.data.agent_version.organization_id;
  expect((await service.post(event)).status).toBe(200);
  return event.data.id as string;
}

interface Named {
  readonly id: string;
  readonly name: string;
}
interface Everywhere {
  readonly agentVersion: Named & { readonly revisions: (Named & { readonly agentVersion: Named })[] };
  readonly node: Named;
  readonly agentVersions: { readonly nodes: Named[]; readonly totalCount: number };
  readonly sessions: {
    readonly nodes: {
      readonly id: string;
      readonly agentVersion: Named;
      readonly agentVersionRevision: Named & { readonly agentVersion: Named };
    }[];
  };
  readonly sessionStats: { readonly groups: { readonly agentVersion: Named }[] }[];
}

async function read(version: string): Promise<Everywhere> {
  const { data, errors } = await service.query<Everywhere>(
    `query ($id: ID!) {
      agentVersion(id: $id) { ...V revisions { id name agentVersion { ...V } } }
      node(id: $id) { ...V }
      agentVersions(filter: { id: { eq: $id } }) { nodes { ...V } totalCount }
      sessions(filter: { agentVersion: { id: { eq: $id } } }) { nodes {
        id agentVersion { ...V } agentVersionRevision { id name questions { name } agentVersion { ...V } } } }
      sessionStats(filter: { agentVersion: { id: { eq: $id } } }, groupBy: [{ field: AGENT_VERSION }, { field: AGENT }]) {
        groups { agentVersion { ...V } } }
    }
    fragment V on AgentVersion { id name revisionId organizationId providerSettings }`,
    { id: version },
  );
  expect(errors).toBeUndefined();
  return data;
}

/** The agent version as each path of the schema serves it. */
function served({ agentVersion, node, agentVersions, sessions, sessionStats }: Everywhere): Named[] {
  const { revisions, ...own } = agentVersion;
  return [
    own,
    node,
    ...agentVersions.nodes,
    ...revisions.map((revision) => revision.agentVersion),
    ...sessions.nodes.flatMap((session) => [session.agentVersion, session.agentVersionRevision.agentVersion]),
    ...sessionStats.flatMap(({ groups }) => groups.map((group) => group.agentVersion)),
  ];
}

describe("an agent version that came with several contents", () => {
  it("is the same wherever it is served: its newest content", async () => {
    const version = randomUUID();
    const newest = await post({ version, name: "Newest", day: 22 });
    const oldest = await post({ version, name: "Oldest", day: 20 });
    const data = await read(version);
    const all = served(data);
    expect(all).toHaveLength(11);
    for (const each of all) expect(each).toEqual({ ...all[0], name: "Newest" });
    const names = new Map(data.sessions.nodes.map((each) => [each.id, each.agentVersionRevision.name]));
    expect(names).toEqual(
      new Map([
        [newest, "Newest"],
        [oldest, "Oldest"],
      ]),
    );
  });

  it("is one version, where organizations share its id and the caller reads them all", async () => {
    const version = randomUUID();
    await post({ version, name: "Newest", day: 22, organization: randomUUID() });
    await post({ version, name: "Oldest", day: 20 });
    const data = await read(version);
    expect(data.agentVersions).toMatchObject({ totalCount: 1, nodes: [{ name: "Newest" }] });
    const all = served(data);
    for (const each of all) expect(each).toEqual(all[0]);
  });

  it("has the content that was first received last, where no session carries it any more", async () => {
    const version = randomUUID();
    const session = await post({ version, name: "First", day: 20 });
    await post({ version, name: "Second", day: 21, session });
    await post({ version: randomUUID(), name: "Another", day: 22, session });
    const data = await read(version);
    expect(data.sessions.nodes).toEqual([]);
    expect(data.agentVersion.revisions.map(({ name }) => name)).toEqual(["First", "Second"]);
    for (const { agentVersion } of data.agentVersion.revisions)
      expect(agentVersion).toEqual({ ...data.node, name: "Second" });
  });
});

describe("a revision", () => {
  it("is a node, and its id is told from others in any case", async () => {
    const version = randomUUID();
    await post({ version, name: "Ada", day: 20 });
    const [session] = (await read(version)).sessions.nodes;
    const id = session?.agentVersionRevision.id ?? "";
    const { data } = await service.query<{ nodes: unknown[] }>(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on AgentVersionRevision {
        name questions { name } agentVersion { id } } ... on AgentVersion { name } } }`,
      { ids: [id.toUpperCase(), version, "0".repeat(64)] },
    );
    expect(data.nodes).toEqual([
      {
        __typename: "AgentVersionRevision",
        id,
        name: "Ada",
        questions: (session as unknown as { agentVersionRevision: { questions: unknown } })
          .agentVersionRevision.questions,
        agentVersion: { id: version },
      },
      { __typename: "AgentVersion", id: version, name: "Ada" },
      null,
    ]);
  });
});
