import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomUUID } from "node:crypto";
import { eventOf, makeKey, organizationA, organizationB } from "../support/callers.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";
import type { ServedSession } from "../support/reference-filter.js";
import { readAllSessions, storeVariedSessions } from "../support/varied-sessions.js";

interface Group {
  readonly from: string | null;
  readonly to: string | null;
  readonly groups: readonly { readonly value: unknown; readonly agentVersion: Version | null }[];
  readonly count: number;
  readonly messageCount: number;
  readonly failedMessageCount: number;
  readonly manualMessageCount: number;
  readonly manualCount: number;
  readonly timedCount: number;
  readonly averageDurationSeconds: number | null;
  readonly sentiments: readonly {
    readonly value: string | null;
    readonly count: number;
    readonly share: number;
  }[];
}

interface Version {
  readonly id: string;
  readonly agentId: string;
  readonly name: string | null;
  readonly description: string | null;
}

const statsQuery = `query ($filter: SessionFilter, $groupBy: [SessionGroupBy!], $interval: TimeInterval, $timeZone: String) {
  sessionStats(filter: $filter, groupBy: $groupBy, interval: $interval, timeZone: $timeZone) {
    from to groups { value agentVersion { id agentId name description } } count messageCount failedMessageCount manualMessageCount manualCount timedCount averageDurationSeconds
    sentiments { value count share } } }`;

describe("statistics of sessions", () => {
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

  async function read(variables: Record<string, unknown>): Promise<readonly Group[]> {
    const { data, errors } = await service.query<{ sessionStats: Group[] }>(statsQuery, variables);
    expect(errors).toBeUndefined();
    return data.sessionStats;
  }

  const groupings: readonly {
    readonly field: string;
    readonly valueOf: (session: ServedSession) => unknown;
    readonly question?: string;
  }[] = [
    { field: "AGENT", valueOf: ({ agentVersionRevision }) => agentVersionRevision.agentId },
    { field: "AGENT_VERSION", valueOf: ({ agentVersion }) => agentVersion.id },
    { field: "ORGANIZATION", valueOf: ({ organizationId }) => organizationId },
    { field: "STATUS", valueOf: ({ status }) => status },
    { field: "ENDED_REASON", valueOf: ({ endedReason }) => endedReason },
    { field: "COMPLETION_RATING", valueOf: ({ chatCompletionRating }) => chatCompletionRating },
    { field: "SENTIMENT", valueOf: ({ userSentiment }) => userSentiment },
    { field: "LANGUAGE", valueOf: ({ language }) => language },
    { field: "ANSWER", valueOf: (session) => answerOf(session, "Employment"), question: "Employment" },
    { field: "ANSWER", valueOf: (session) => answerOf(session, "Willing"), question: "Willing" },
  ];

  it.each(groupings)("groups by $field $question", async ({ field, valueOf, question }) => {
    const stats = await read({ groupBy: [{ field, ...(question && { question }) }] });
    const expected = new Map<unknown, ServedSession[]>();
    for (const session of sessions) {
      const value = valueOf(session) ?? null;
      expected.set(value, [...(expected.get(value) ?? []), session]);
    }
    expect(new Set(stats.map(({ groups }) => groups[0]?.value))).toEqual(new Set(expected.keys()));
    for (const group of stats) {
      const own = expected.get(group.groups[0]?.value) ?? [];
      expect(group).toMatchObject(summaryOf(own));
    }
  });

  it("shows agent versions as they are listed, and no other field's values as such", async () => {
    const { data } = await service.query<{ agentVersions: { nodes: Version[] } }>(
      "{ agentVersions(first: 200) { nodes { id agentId name description } } }",
    );
    const versions = data.agentVersions.nodes;
    for (const { field, question } of groupings) {
      for (const { groups } of await read({ groupBy: [{ field, ...(question && { question }) }] })) {
        const [group] = groups;
        if (field === "AGENT_VERSION")
          expect(group?.agentVersion).toEqual(versions.find(({ id }) => id === group?.value));
        else if (field === "AGENT")
          expect(versions.filter(({ agentId }) => agentId === group?.value)).toContainEqual(
            group?.agentVersion,
          );
        else expect(group?.agentVersion).toBeNull();
      }
    }
  });

  it("sums up all sessions where nothing is grouped", async () => {
    const [all] = await read({});
    expect(all).toMatchObject({ from: null, to: null, groups: [], ...summaryOf(sessions) });
    expect(all?.sentiments.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
  });

  it.each([
    ["America/New_York", "day"],
    ["Asia/Kolkata", "day"],
    ["Asia/Kathmandu", "HOUR"],
    ["Europe/Berlin", "WEEK"],
    ["Australia/Lord_Howe", "MONTH"],
  ])("cuts time in %s by %s", async (timeZone, interval) => {
    const stats = await read({ interval: interval.toUpperCase(), timeZone });
    const started = sessions.filter(({ startedAt }) => startedAt !== null);
    expect(stats.reduce((sum, { count }) => sum + count, 0)).toBe(sessions.length);
    for (const { from, to, count } of stats) {
      const own = started.filter(
        ({ startedAt }) =>
          from !== null &&
          to !== null &&
          instant(startedAt) >= instant(from) &&
          instant(startedAt) < instant(to),
      );
      expect(count).toBe(from === null ? sessions.length - started.length : own.length);
    }
  });

  it("cuts hours where clocks are changed by half an hour", async () => {
    const organizationId = randomUUID();
    const autumn = [
      "2025-04-05T14:30:00Z",
      "2025-04-05T14:50:00Z",
      "2025-04-05T15:10:00Z",
      "2025-04-05T15:40:00Z",
    ];
    const spring = ["2025-10-04T15:10:00Z", "2025-10-04T15:40:00Z", "2025-10-04T16:10:00Z"];
    for (const start of [...autumn, ...spring]) {
      const payload = await sample("started");
      Object.assign(payload.data, { id: randomUUID(), started_at: start, messages: [] });
      Object.assign(payload.data.agent_version, { organization_id: organizationId });
      payload.request_id = randomUUID();
      await service.post(payload);
    }
    const filter = { organizationId: { eq: organizationId } };
    const hours = await read({ filter, interval: "HOUR", timeZone: "Australia/Lord_Howe" });
    expect(hours.map(({ from, to, count }) => [from, to, count])).toEqual([
      ["2025-04-05T14:00:00Z", "2025-04-05T15:00:00Z", 2],
      ["2025-04-05T15:00:00Z", "2025-04-05T15:30:00Z", 1],
      ["2025-04-05T15:30:00Z", "2025-04-05T16:30:00Z", 1],
      ["2025-10-04T14:30:00Z", "2025-10-04T15:30:00Z", 1],
      ["2025-10-04T15:30:00Z", "2025-10-04T16:00:00Z", 1],
      ["2025-10-04T16:00:00Z", "2025-10-04T17:00:00Z", 1],
    ]);
  });

  it("gives the days of a change to and from daylight saving 23 and 25 hours, and the hour shown twice two places", async () => {
    const organizationId = randomUUID();
    const starts = ["2025-03-09T06:59:59.999999Z", "2025-03-10T03:59:59Z", "2025-03-10T04:00:00Z"];
    const autumn = [
      "2025-11-02T04:00:00Z",
      "2025-11-02T05:30:00Z",
      "2025-11-02T06:30:00Z",
      "2025-11-03T04:59:59Z",
    ];
    for (const start of [...starts, ...autumn]) {
      const payload = await sample("started");
      Object.assign(payload.data, { id: randomUUID(), started_at: start, messages: [] });
      Object.assign(payload.data.agent_version, { organization_id: organizationId });
      payload.request_id = randomUUID();
      await service.post(payload);
    }
    const filter = { organizationId: { eq: organizationId } };
    const places = (stats: readonly Group[]) => stats.map(({ from, to, count }) => [from, to, count]);
    expect(places(await read({ filter, interval: "DAY", timeZone: "America/New_York" }))).toEqual([
      ["2025-03-09T05:00:00Z", "2025-03-10T04:00:00Z", 2],
      ["2025-03-10T04:00:00Z", "2025-03-11T04:00:00Z", 1],
      ["2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z", 4],
    ]);
    const hours = await read({ filter, interval: "HOUR", timeZone: "America/New_York" });
    expect(places(hours).filter(([from]) => String(from).startsWith("2025-11-02"))).toEqual([
      ["2025-11-02T04:00:00Z", "2025-11-02T05:00:00Z", 1],
      ["2025-11-02T05:00:00Z", "2025-11-02T06:00:00Z", 1],
      ["2025-11-02T06:00:00Z", "2025-11-02T07:00:00Z", 1],
    ]);
  });

  it.each([
    [{ interval: "DAY", timeZone: "Mars/Olympus" }, "timeZone"],
    [{ groupBy: [{ field: "ANSWER" }] }, "groupBy.0.question"],
    [{ groupBy: Array(5).fill({ field: "STATUS" }) }, "groupBy"],
    [{ filter: { search: "!?" } }, "filter.search"],
    [{ filter: { id: { in: Array(501).fill(randomUUID()) } } }, "filter.id.in"],
    [{ filter: nest(12) }, "must not be nested deeper"],
    [{ filter: { messageCount: { in: Array(501).fill(1) } } }, "filter.messageCount.in"],
  ])("refuses bad input and says what is wrong: %#", async (variables, named) => {
    const { errors } = await service.query(statsQuery, variables);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining(named),
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  it("refuses numbers that no double holds, which GraphQL takes as literals", async () => {
    const { errors } = await service.query(
      '{ sessionStats(filter: { answers: [{ name: "Age", number: { in: [1, -1e999] } }] }) { count } }',
    );
    expect(errors?.[0]).toMatchObject({
      message: "filter.answers.0.number.in: must be a finite number.",
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  it("takes as many texts as a filter may hold, wherever they stand", async () => {
    const texts = Array.from({ length: 498 }, (_, index) => `text ${index}`);
    for (const filter of [
      { answers: [{ name: "Age", string: { in: texts } }] },
      { messages: { some: { or: [{ body: { in: [...texts, "other"] } }] } } },
      { analysisHistory: { every: { chatSummary: { nin: texts } } } },
      { agentVersion: { name: { in: texts } } },
    ])
      expect((await service.query(statsQuery, { filter })).errors, JSON.stringify(filter)).toBeUndefined();
  });
});

describe("the agent version of a group", () => {
  const agents = { shared: randomUUID(), dan: randomUUID(), eve: randomUUID() };
  const versions = { first: randomUUID(), second: randomUUID(), stayed: randomUUID(), moved: randomUUID() };
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({}, database);
    // Not in the order of what they tell: the newest is that of the greatest created_at.
    const told = [
      [5, organizationB, agents.shared, versions.second, "Cleo"],
      [4, organizationA, agents.shared, versions.second, "Bea"],
      [3, organizationA, agents.shared, versions.first, "Ada, renamed"],
      [2, organizationA, agents.shared, versions.second, "Not yet Bea"],
      [1, organizationA, agents.shared, versions.first, "Ada"],
      [1, organizationA, agents.dan, versions.stayed, "Dan"],
      [2, organizationA, agents.dan, versions.moved, "Dan, before Eve"],
      [3, organizationA, agents.eve, versions.moved, "Eve"],
    ] as const;
    for (const [index, [day, organizationId, agentId, id, name]] of told.entries()) {
      const event = await eventOf(organizationId, `${index}f`);
      event.created_at = `2025-09-0${day}T10:00:00Z`;
      Object.assign(event.data.agent_version, { agent_id: agentId, id, name });
      expect((await service.post(event)).status).toBe(200);
    }
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  /** What the groups that a caller with a new key gets are called, by their values. */
  async function namesOf(
    field: string,
    key: NonNullable<Parameters<typeof makeKey>[1]>,
  ): Promise<Record<string, string | undefined>> {
    const { header } = await makeKey(database, key);
    const { data, errors } = await service.query<{ sessionStats: Group[] }>(
      statsQuery,
      { groupBy: [{ field }] },
      header,
    );
    expect(errors).toBeUndefined();
    return Object.fromEntries(
      data.sessionStats.map(({ groups: [group] }) => [
        String(group?.value),
        group?.agentVersion?.name ?? undefined,
      ]),
    );
  }

  const ofA = { [agents.shared]: "Bea", [agents.dan]: "Dan", [agents.eve]: "Eve" };

  it("is the agent's newest within the caller's scope, also where organizations share the agent", async () => {
    expect(await namesOf("AGENT", { role: "reader" })).toEqual(ofA);
    expect(await namesOf("AGENT", { role: "masked_reader" })).toEqual(ofA);
    expect(await namesOf("AGENT", { organization: organizationB })).toEqual({ [agents.shared]: "Cleo" });
    expect(await namesOf("AGENT", { role: "operator" })).toEqual({ ...ofA, [agents.shared]: "Cleo" });
  });

  it("is the version itself, as the newest event carried it", async () => {
    const named = {
      [versions.first]: "Ada, renamed",
      [versions.second]: "Bea",
      [versions.stayed]: "Dan",
      [versions.moved]: "Eve",
    };
    expect(await namesOf("AGENT_VERSION", { role: "reader" })).toEqual(named);
    const cleo = { [versions.second]: "Cleo" };
    expect(await namesOf("AGENT_VERSION", { organization: organizationB })).toEqual(cleo);
    expect(await namesOf("AGENT_VERSION", { role: "operator" })).toEqual({ ...named, ...cleo });
  });

  it("has all that an agent version has, for agents and versions side by side", async () => {
    const { header } = await makeKey(database);
    const { data, errors } = await service.query<{ sessionStats: unknown }>(
      `query ($filter: SessionFilter) {
        sessionStats(filter: $filter, groupBy: [{ field: AGENT_VERSION }, { field: STATUS }, { field: AGENT }]) {
          groups { agentVersion { agentId organizationId revisions { name } sessions { totalCount } questions { name } } } } }`,
      { filter: { agentVersion: { id: { eq: versions.first } } } },
      header,
    );
    expect(errors).toBeUndefined();
    const versionOf = (...names: string[]) => ({
      agentId: agents.shared,
      organizationId: organizationA,
      revisions: expect.arrayContaining(names.map((name) => ({ name }))) as unknown,
      sessions: { totalCount: 2 },
      questions: expect.arrayContaining([{ name: "Currently_working" }]) as unknown,
    });
    expect(data.sessionStats).toEqual([
      {
        groups: [
          { agentVersion: versionOf("Ada, renamed", "Ada") },
          { agentVersion: null },
          { agentVersion: versionOf("Bea", "Not yet Bea") },
        ],
      },
    ]);
  });
});

function nest(depth: number): object {
  return depth === 0 ? { id: { null: false } } : { not: nest(depth - 1) };
}

function instant(value: unknown): number {
  return Date.parse(String(value));
}

function answerOf({ customAnalysisData: data }: ServedSession, question: string): unknown {
  const value =
    typeof data === "object" && data !== null ? (data as Record<string, unknown>)[question] : undefined;
  return typeof value === "object" ? null : value;
}

function summaryOf(sessions: readonly ServedSession[]) {
  const messages = sessions.flatMap(({ messages: { nodes } }) => nodes);
  const timed = sessions.filter(({ startedAt, endedAt }) => startedAt !== null && endedAt !== null);
  const seconds =
    timed.reduce((sum, { startedAt, endedAt }) => sum + instant(endedAt) - instant(startedAt), 0) / 1_000;
  const failed = ["failed", "delivery_failed", "sending_failed"];
  const manual = sessions.map(
    ({ messages: { nodes } }) =>
      nodes.filter(({ direction, mode }) => direction === "OUTBOUND" && mode === "manual").length,
  );
  return {
    count: sessions.length,
    messageCount: messages.length,
    failedMessageCount: messages.filter(({ deliveryStatus }) => failed.includes(String(deliveryStatus)))
      .length,
    manualMessageCount: manual.reduce((sum, count) => sum + count, 0),
    manualCount: manual.filter((count) => count > 0).length,
    timedCount: timed.length,
    averageDurationSeconds: timed.length === 0 ? null : (expect.closeTo(seconds / timed.length, 1) as number),
  };
}
