import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startService, type TestService } from "../support/service.js";
import type { ServedSession } from "../support/reference-filter.js";
import { readAllSessions, storeVariedSessions } from "../support/varied-sessions.js";

interface Version {
  readonly id: string;
  readonly sessions: {
    readonly totalCount: number;
    readonly eventCursor: string;
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

interface Content {
  readonly revisionId: string;
  readonly receivedAt: string;
}

interface Carried extends Content {
  readonly id: string;
  readonly changedAt: string;
  readonly revisions: readonly { readonly id: string; readonly receivedAt: string }[];
}

const list = `query ($first: Int, $after: String, $filter: SessionFilter) {
  agentVersions { nodes { id sessions(first: $first, after: $after, filter: $filter) {
    totalCount eventCursor nodes { id } pageInfo { hasNextPage endCursor } } } }
}`;

describe("the sessions of agent versions", () => {
  let service: TestService;
  let sessions: ServedSession[];
  beforeAll(async () => {
    service = await startService();
    await storeVariedSessions(service, 40);
    sessions = await readAllSessions(service);
  });
  afterAll(async () => {
    await service.stop();
  });

  async function read(variables: Record<string, unknown>): Promise<readonly Version[]> {
    const { data, errors } = await service.query<{ agentVersions: { nodes: Version[] } }>(list, variables);
    expect(errors).toBeUndefined();
    return data.agentVersions.nodes;
  }

  it.each([
    ["all", {}, () => true],
    [
      "those with a message",
      { messages: { some: { direction: { eq: "INBOUND" } } } },
      ({ messages }: ServedSession) => messages.nodes.some(({ direction }) => direction === "INBOUND"),
    ],
    [
      "the analyzed ones",
      { status: { eq: "ANALYZED" } },
      ({ status }: ServedSession) => status === "ANALYZED",
    ],
  ])("are the newest of each, and counted: %s", async (_, filter, matches) => {
    const versions = await read({ first: 3, filter });
    expect(new Set(versions.map(({ id }) => id))).toEqual(
      new Set(sessions.map(({ agentVersion }) => agentVersion.id)),
    );
    for (const version of versions) {
      const own = sessions.filter((session) => session.agentVersion.id === version.id && matches(session));
      expect(version.sessions.nodes.map(({ id }) => id)).toEqual(own.slice(0, 3).map(({ id }) => id));
      expect(version.sessions.totalCount).toBe(own.length);
      expect(version.sessions.pageInfo.hasNextPage).toBe(own.length > 3);
      expect(version.sessions.eventCursor).toBe(versions[0]?.sessions.eventCursor);
    }
  });

  it("are paged through from a version's own cursor", async () => {
    const [busiest] = [...(await read({ first: 1 }))].sort(
      (a, b) => b.sessions.totalCount - a.sessions.totalCount,
    );
    const after = busiest?.sessions.pageInfo.endCursor;
    const next = (await read({ first: 2, after })).find(({ id }) => id === busiest?.id);
    const own = sessions.filter(({ agentVersion }) => agentVersion.id === busiest?.id).map(({ id }) => id);
    expect(own.length).toBeGreaterThan(2);
    expect(next?.sessions.nodes.map(({ id }) => id)).toEqual(own.slice(1, 3));
  });

  it("are found by the content that they carry, and versions by their current one", async () => {
    const { data } = await service.query<{ agentVersions: { nodes: Carried[] } }>(
      "{ agentVersions { nodes { id revisionId receivedAt changedAt revisions { id receivedAt } } } }",
    );
    const versions = data.agentVersions.nodes;
    const contents = versions.flatMap(({ id, revisions }) =>
      revisions.map((revision) => ({ id, revisionId: revision.id, receivedAt: revision.receivedAt })),
    );
    for (const { revisionId, receivedAt, changedAt, revisions } of versions) {
      const current = revisions.find(({ id }) => id === revisionId);
      expect([receivedAt, changedAt]).toEqual([revisions[0]?.receivedAt, current?.receivedAt]);
    }
    let carriedBefore = 0;
    for (const { id, revisionId, receivedAt } of contents) {
      const found = await service.query<Record<"sessions" | "agentVersions", { nodes: { id: string }[] }>>(
        `query ($revision: ID!, $id: ID!, $at: DateTime!) {
           sessions(first: 200, filter: { agentVersion: { revisionId: { eq: $revision } } }) { nodes { id } }
           agentVersions(filter: { revisionId: { eq: $revision }, changedAt: { gte: $at, lte: $at } }) { nodes { id } }
           others: agentVersions(filter: { id: { eq: $id }, or: [
             { revisionId: { neq: $revision } }, { changedAt: { lt: $at } }, { changedAt: { gt: $at } }
           ] }) { nodes { id } } }`,
        { revision: revisionId, id, at: receivedAt },
      );
      const isCurrent = versions.some((version) => version.revisionId === revisionId);
      const own = sessions.filter(({ agentVersionRevision }) => agentVersionRevision.id === revisionId);
      if (!isCurrent) carriedBefore += own.length;
      expect(found.data).toEqual({
        sessions: { nodes: own.map((session) => ({ id: session.id })) },
        agentVersions: { nodes: isCurrent ? [{ id }] : [] },
        others: { nodes: isCurrent ? [] : [{ id }] },
      });
    }
    expect(carriedBefore).toBeGreaterThan(0);
  });

  it("have messages of their organization alone", async () => {
    const organizations = new Set(sessions.map(({ organizationId }) => organizationId));
    expect(organizations.size).toBeGreaterThan(1);
    for (const organization of organizations) {
      const { data } = await service.query<{ messages: { totalCount: number; nodes: object[] } }>(
        `query ($organization: ID!) { messages(first: 200, filter: { organizationId: { eq: $organization } }) {
           totalCount nodes { organizationId } } }`,
        { organization },
      );
      const own = sessions.filter(({ organizationId }) => organizationId === organization);
      const ids = new Set(own.flatMap(({ messages }) => messages.nodes.map(({ id }) => id)));
      expect(data.messages.totalCount).toBe(ids.size);
      for (const message of data.messages.nodes) expect(message).toEqual({ organizationId: organization });
    }
  });
});
