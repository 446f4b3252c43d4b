import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heard, listen } from "../support/listening.js";
import { type Payload, sample, type SampleName, startService, type TestService } from "../support/service.js";

describe("sessions and the history of their analyses", () => {
  const [better, worse, alwaysGood, unanalyzed] = [
    "once negative, now positive",
    "once positive, now negative",
    "positive from the first",
    "not analyzed",
  ];
  const ids = new Map<string, string>();
  let service: TestService;

  async function store(
    name: string,
    events: readonly (readonly [SampleName, (payload: Payload) => void])[],
  ): Promise<void> {
    const id = randomUUID();
    ids.set(id, name);
    for (const [minute, [event, change]] of events.entries()) {
      const payload = await sample(event);
      payload.request_id = randomUUID();
      payload.created_at = `2025-08-19T07:0${minute}:00Z`;
      payload.data.id = id;
      change(payload);
      expect((await service.post(payload)).status).toBe(200);
    }
  }
  const felt = (sentiment: string, version = "Recruiter") =>
    [
      "analyzed",
      ({ data }: Payload) => {
        data.user_sentiment = sentiment;
        data.agent_version.name = version;
      },
    ] as const;

  beforeAll(async () => {
    service = await startService();
    await store(better, [felt("negative", "Recruiter, as it was"), felt("positive")]);
    await store(worse, [felt("positive"), felt("negative")]);
    await store(alwaysGood, [felt("positive"), felt("positive")]);
    await store(unanalyzed, [["started", () => undefined]]);
  });
  afterAll(async () => {
    await service.stop();
  });

  async function namesOf(filter: object): Promise<string[]> {
    const { data, errors } = await service.query<{ sessions: { nodes: { id: string }[] } }>(
      "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }",
      { filter },
    );
    expect(errors).toBeUndefined();
    return data.sessions.nodes.map(({ id }) => String(ids.get(id))).sort();
  }
  const negative = { userSentiment: { eq: "negative" } };
  const positive = { userSentiment: { eq: "positive" } };
  const any = { id: { null: false } };

  it("are found where a mood was once another than now", async () => {
    expect(await namesOf({ ...positive, analysisHistory: { some: negative } })).toEqual([better]);
    expect(await namesOf({ ...negative, analysisHistory: { some: positive } })).toEqual([worse]);
  });

  it("are found where every analysis matches, or none does, as both are where there is none", async () => {
    expect(await namesOf({ analysisHistory: { every: positive } })).toEqual([unanalyzed, alwaysGood]);
    expect(await namesOf({ analysisHistory: { none: negative } })).toEqual([unanalyzed, alwaysGood]);
    expect(await namesOf({ analysisHistory: { every: positive, some: any } })).toEqual([alwaysGood]);
    expect(await namesOf({ analysisHistory: { none: any } })).toEqual([unanalyzed]);
  });

  it("are found by what the history serves of an analysis: its id, and the content whose questions it answers", async () => {
    const { data } = await service.query<{
      sessions: {
        nodes: {
          id: string;
          agentVersion: { revisionId: string };
          analysisHistory: { id: string; revisionId: string; userSentiment: string }[];
        }[];
      };
    }>(
      "{ sessions { nodes { id agentVersion { revisionId } analysisHistory { id revisionId userSentiment } } } }",
    );
    const session = data.sessions.nodes.find(({ id }) => ids.get(id) === better);
    const [current, superseded] = session?.analysisHistory ?? [];
    expect([current?.userSentiment, superseded?.userSentiment]).toEqual(["positive", "negative"]);
    expect(current?.revisionId).toBe(session?.agentVersion.revisionId);
    expect(superseded?.revisionId).not.toBe(current?.revisionId);
    const some = (filter: object) => namesOf({ analysisHistory: { some: filter } });
    expect(await some({ id: { eq: superseded?.id } })).toEqual([better]);
    expect(await some({ id: { eq: superseded?.id }, ...positive })).toEqual([]);
    expect(await some({ revisionId: { eq: superseded?.revisionId } })).toEqual([better]);
    expect(await some({ revisionId: { eq: superseded?.revisionId }, ...positive })).toEqual([]);
  });

  it("serve as the analysis what the history serves first, with the questions that it answers", async () => {
    const content = `id revisionId userSentiment chatSummary receivedAt eventCreatedAt
      agentVersionRevision { id name } answers { name value defined }`;
    interface Served {
      readonly id: string;
      readonly revisionId: string;
      readonly agentVersionRevision: { readonly id: string; readonly name: string };
      readonly eventCreatedAt: string;
    }
    const { data, errors } = await service.query<{
      sessions: { nodes: { id: string; analysis: Served | null; analysisHistory: Served[] }[] };
    }>(`{ sessions { nodes { id analysis { ${content} } analysisHistory { ${content} } } } }`);
    expect(errors).toBeUndefined();
    const named = new Map(data.sessions.nodes.map((session) => [String(ids.get(session.id)), session]));
    for (const { analysis, analysisHistory } of named.values())
      expect(analysis).toEqual(analysisHistory[0] ?? null);
    expect(named.get(unanalyzed)).toMatchObject({ analysis: null, analysisHistory: [] });
    const history = named.get(better)?.analysisHistory ?? [];
    expect(history).toMatchObject([
      { agentVersionRevision: { name: "Recruiter" }, eventCreatedAt: "2025-08-19T07:01:00Z" },
      { agentVersionRevision: { name: "Recruiter, as it was" }, eventCreatedAt: "2025-08-19T07:00:00Z" },
    ]);
    expect(history.map(({ agentVersionRevision }) => agentVersionRevision.id)).toEqual(
      history.map(({ revisionId }) => revisionId),
    );
  });

  it("join the answers with the questions of the content that the analysis answers", async () => {
    const asks =
      (question: string) =>
      ({ data }: Payload) => {
        data.custom_analysis_data = { [question]: true };
        data.agent_version.provider_settings.post_call_analysis_data = [{ name: question, type: "boolean" }];
      };
    const name = "asked differently later";
    await store(name, [
      ["analyzed", asks("First")],
      ["analyzed", asks("Second")],
    ]);
    const [id = ""] = [...ids].filter(([, each]) => each === name).map(([each]) => each);
    const { data } = await service.query(
      `query ($id: ID!) { session(id: $id) { analysis { ...A } analysisHistory { ...A } } }
       fragment A on Analysis { answers { name defined conforms booleanValue } }`,
      { id },
    );
    const answers = (question: string) => [
      { name: question, defined: true, conforms: true, booleanValue: true },
    ];
    expect(data.session).toEqual({
      analysis: { answers: answers("Second") },
      analysisHistory: [{ answers: answers("Second") }, { answers: answers("First") }],
    });
    ids.delete(id);
    const filter = { answers: [{ name: "Second", boolean: { eq: true } }] };
    expect(await namesOf(filter)).toHaveLength(1);
    expect(await namesOf({ answers: [{ name: "First", answered: true }] })).toEqual([]);
  });

  it.each([
    ["newer", "2025-08-19T09:00:00Z"],
    ["older", "2025-08-19T05:00:00Z"],
  ])("are told of an analysis that changes nothing but the history: %s", async (_, createdAt) => {
    const name = "told";
    const brings = ([, change] = felt("neutral"), createdAtOfIt = "2025-08-19T07:00:00Z", summary = "S.") =>
      [
        "analyzed",
        (payload: Payload) => {
          change(payload);
          payload.created_at = createdAtOfIt;
          payload.data.chat_summary = summary === "" ? null : summary;
        },
      ] as const;
    await store(name, [brings()]);
    const [id = ""] = [...ids].filter(([, each]) => each === name).map(([each]) => each);
    const listener = await listen(service.url, { filter: { id: { eq: id } } });
    // It has no summary, so every field of the session itself stays.
    const [, change] = brings(felt("neutral"), createdAt, "");
    const again = await sample("analyzed");
    again.request_id = randomUUID();
    again.data.id = id;
    change(again);
    expect((await service.post(again)).status).toBe(200);
    await heard(listener, [id]);
    await listener.leave();
    ids.delete(id);
  });

  it("say when an analysis was first received, and when its newest event was created", async () => {
    const name = "the same again";
    const read = async () => {
      const [id = ""] = [...ids].filter(([, each]) => each === name).map(([each]) => each);
      const { data } = await service.query<{
        session: { analysisHistory: { receivedAt: string; eventCreatedAt: string }[] };
      }>("query ($id: ID!) { session(id: $id) { analysisHistory { receivedAt eventCreatedAt } } }", { id });
      return { id, history: data.session.analysisHistory };
    };
    await store(name, [felt("positive")]);
    const { id, history: before } = await read();
    const again = await sample("analyzed");
    again.request_id = randomUUID();
    again.created_at = "2025-08-19T09:00:00Z";
    again.data.id = id;
    felt("positive")[1](again);
    expect((await service.post(again)).status).toBe(200);
    const { history: after } = await read();
    expect(before).toEqual([{ ...after[0], eventCreatedAt: "2025-08-19T07:00:00Z" }]);
    expect(after).toEqual([{ ...before[0], eventCreatedAt: "2025-08-19T09:00:00Z" }]);
    ids.delete(id);
  });

  it("keep the last answers that were received where a later analysis has none, and filter by these", async () => {
    const name = "analyzed again without a result";
    const brings =
      (data: object) =>
      ({ data: session }: Payload) => {
        Object.assign(session, data);
      };
    const first = {
      custom_analysis_data: { Willing: true },
      user_sentiment: "positive",
      chat_summary: "Yes.",
    };
    const second = { custom_analysis_data: null, user_sentiment: "negative", chat_summary: null };
    await store(name, [
      ["analyzed", brings(first)],
      ["analyzed", brings(second)],
    ]);
    const [id = ""] = [...ids].filter(([, each]) => each === name).map(([each]) => each);
    const { data } = await service.query(
      `query ($id: ID!) { session(id: $id) { ...S analysis { ...A } analysisHistory { ...A } } }
       fragment S on Session { customAnalysisData userSentiment chatSummary }
       fragment A on Analysis { customAnalysisData userSentiment chatSummary }`,
      { id },
    );
    const older = { customAnalysisData: { Willing: true }, userSentiment: "positive", chatSummary: "Yes." };
    const newer = { customAnalysisData: null, userSentiment: "negative", chatSummary: null };
    expect(data.session).toEqual({
      ...older,
      userSentiment: "negative",
      analysis: newer,
      analysisHistory: [newer, older],
    });
    expect(await namesOf({ id: { eq: id }, answers: [{ name: "Willing", boolean: { eq: true } }] })).toEqual([
      name,
    ]);
    expect(await namesOf({ id: { eq: id }, chatSummary: { null: true } })).toEqual([]);
    const stats =
      "query ($id: ID!) { sessionStats(filter: { id: { eq: $id } }, groupBy: " +
      '[{ field: ANSWER, question: "Willing" }]) { groups { value } } }';
    expect((await service.query(stats, { id })).data).toEqual({
      sessionStats: [{ groups: [{ value: true }] }],
    });
    ids.delete(id);
  });
});
