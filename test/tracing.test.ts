import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventOf, organizationA, rawSocket } from "./support/callers.js";
import { type ReceivedSpan, startOtlpReceiver } from "./support/otlp-receiver.js";
import { loadTracing } from "../src/tracing/load-tracing.js";
import { type RunningProcess, startProcess } from "./support/running-process.js";
import { createTestDatabase, type TestDatabase, type TestService } from "./support/service.js";

/** A file serves one process; then it is the second instance too. */
const areTwo = Boolean(process.env.TEST_DATABASE_URL);

const sender = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

describe("a service with an endpoint for traces", () => {
  let database: TestDatabase;
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
  let taking: RunningProcess;
  let telling: RunningProcess;
  const processes: RunningProcess[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startOtlpReceiver();
    const start = async () => {
      const started = await startProcess({
        DATABASE_URL: database.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_BSP_SCHEDULE_DELAY: "100",
        LOG_LEVEL: "info",
        ...(process.env.TEST_REDIS_URL && areTwo && { REDIS_URL: process.env.TEST_REDIS_URL }),
      });
      processes.push(started);
      return started;
    };
    taking = await start();
    telling = areTwo ? await start() : taking;
  }, 60_000);
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.end("SIGTERM")));
    await receiver.stop();
    await database.drop();
  });

  const ask = async (query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${telling.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as { errors?: { extensions: Record<string, unknown> }[] };
  };

  it(
    "tells a delivery, its transaction, position, announcement and push as one trace, across instances",
    { timeout: 30_000 },
    async () => {
      const socket = await rawSocket({ url: telling.url } as TestService);
      socket.send({ type: "connection_init" });
      await expect.poll(() => socket.received.length).toBe(1);
      const query = "subscription Live { sessionAnalyzed { cursor session { id chatSummary } } }";
      socket.send({ type: "subscribe", id: "1", payload: { query } });
      const isLive = async () => (await fetch(`${telling.url}/metrics`)).text();
      await expect.poll(isLive).toContain('graphql_subscriptions_open{transport="websocket"} 1');
      await expect.poll(isLive).toContain("graphql_subscriptions_catching_up 0");
      const event = await eventOf(organizationA, "e7");
      const answer = await fetch(`${taking.url}/webhooks/whippy`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          traceparent: `00-${sender.traceId}-${sender.spanId}-01`,
        },
        body: JSON.stringify(event),
      });
      const { eventId } = (await answer.json()) as { eventId: string };
      const traceId = eventId.replaceAll("-", "");
      const own = () => receiver.spans.filter((span) => span.traceId === traceId);
      const named = (name: string) => own().find((span) => span.name === name);
      await expect.poll(() => named("feed push"), { timeout: 10_000 }).toBeDefined();
      await expect.poll(() => named("feed announcement"), { timeout: 10_000 }).toBeDefined();
      await expect.poll(() => named("POST /webhooks/whippy"), { timeout: 10_000 }).toBeDefined();

      const root = named("POST /webhooks/whippy");
      expect(root).toMatchObject({
        kind: 2,
        parentSpanId: undefined,
        links: [sender],
        service: "conversation-agent-api",
        attributes: { "http.route": "/webhooks/whippy", "whippy.event.type": event.event },
      });
      const parentOf = ({ parentSpanId }: ReceivedSpan) =>
        own().find(({ spanId }) => spanId === parentSpanId);
      const transaction = named("transaction");
      expect(transaction && parentOf(transaction)).toBe(root);
      const statements = own().filter((span) => parentOf(span) === transaction);
      expect(statements.map(({ kind }) => kind)).toEqual(statements.map(() => 3));
      // Those that travel with others are moments of the transaction.
      const sent = [...statements, ...(transaction?.events ?? [])];
      expect(sent.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["INSERT webhook_events", "SELECT sessions", "INSERT session_feed"]),
      );
      for (const { attributes } of sent)
        expect(attributes).toMatchObject({ "db.query.text": expect.any(String) });
      const position = named("feed position");
      expect(position && parentOf(position)).toBe(root);
      const announcement = named("feed announcement");
      expect(announcement && parentOf(announcement)).toBe(position);
      if (areTwo && process.env.TEST_REDIS_URL)
        expect(announcement?.attributes).toMatchObject({
          "db.system.name": "redis",
          "db.operation.name": "PUBLISH",
        });
      const push = named("feed push");
      expect(push && parentOf(push)).toBe(root);
      expect(push?.attributes).toMatchObject({ "feed.kind": "ANALYZED" });
      const rendering = named("subscription Live");
      expect(rendering && parentOf(rendering)).toBe(push);
      expect(own().some((span) => parentOf(span) === rendering && span.name.startsWith("SELECT"))).toBe(true);
      expect(push?.instance === root?.instance).toBe(!areTwo);
      expect(rendering?.instance).toBe(push?.instance);
      expect(taking.output()).toContain(`"traceId":"${traceId}"`);
      socket.socket.close();
    },
  );

  it("tells the writes of deliveries that share a transaction with each of them", async () => {
    const events = await Promise.all(
      Array.from({ length: 24 }, () => eventOf(organizationA, randomUUID().slice(0, 8))),
    );
    const ids = await Promise.all(
      events.map(async (event) => {
        const answer = await fetch(`${taking.url}/webhooks/whippy`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(event),
        });
        return ((await answer.json()) as { eventId: string }).eventId;
      }),
    );
    expect(new Set(ids).size).toBe(24);
    for (const id of ids) {
      const transaction = () =>
        receiver.spans.find(
          ({ traceId, name }) => traceId === id.replaceAll("-", "") && name === "transaction",
        );
      await expect.poll(transaction, { timeout: 10_000 }).toBeDefined();
      expect(transaction()?.events.map(({ name }) => name)).toEqual(
        expect.arrayContaining(["INSERT webhook_events", "INSERT sessions", "INSERT session_feed"]),
      );
    }
  });

  it("makes operations spans by their names, in the client's trace, with their statements", async () => {
    await ask("query Newest { sessions(first: 1) { nodes { id } } }", {
      traceparent: `00-${sender.traceId}-${sender.spanId}-01`,
    });
    await fetch(`${telling.url}/export/sessions.ndjson`).then((response) => response.text());
    const find = (name: string) => receiver.spans.find((span) => span.name === name);
    await expect.poll(() => find("export sessions.ndjson"), { timeout: 10_000 }).toBeDefined();
    const operation = find("query Newest");
    expect(operation).toMatchObject({
      ...{ traceId: sender.traceId, parentSpanId: sender.spanId },
      attributes: {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Newest",
        "conversation_agent_api.transport": "http",
      },
    });
    const statement = receiver.spans.find(({ parentSpanId }) => parentSpanId === operation?.spanId);
    expect(statement).toMatchObject({ name: "SELECT sessions", kind: 3 });
  });

  it("makes no spans in a trace that was not sampled", async () => {
    const traceId = "a".repeat(32);
    const query = (name: string) => `query ${name} { sessions(first: 1) { nodes { id } } }`;
    await ask(query("Unsampled"), { traceparent: `00-${traceId}-${sender.spanId}-00` });
    await ask(query("Sampled"), { traceparent: `00-${sender.traceId}-${sender.spanId}-01` });
    const of = (name: string) => receiver.spans.filter((span) => span.name === `query ${name}`);
    await expect.poll(() => of("Sampled"), { timeout: 10_000 }).toHaveLength(1);
    const [sampled] = of("Sampled");
    expect(receiver.spans.some(({ parentSpanId }) => parentSpanId === sampled?.spanId)).toBe(true);
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it("names the trace in an error, so that it can be found", async () => {
    const { errors } = await ask('query Failing { sessions(after: "no cursor") { nodes { id } } }');
    const traceId = errors?.[0]?.extensions.traceId;
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    const find = () => receiver.spans.find((span) => span.traceId === traceId);
    await expect.poll(find, { timeout: 10_000 }).toMatchObject({ name: "query Failing" });
    expect(telling.output()).toContain(`"traceId":"${String(traceId)}"`);
  });

  it("tells no personal data, and no name that is none", async () => {
    await ask('query q13237452021 { sessions(filter: { search: "Got it!" }) { nodes { chatSummary } } }');
    await ask(
      '{ sessions(filter: { messages: { some: { from: { eq: "+13237452021" } } } }) { totalCount } }',
    );
    await expect
      .poll(() => receiver.spans.filter(({ name }) => name === "query").length, { timeout: 10_000 })
      .toBe(2);
    for (const trace of ["3237452021", "2136991845", "Got it!", "inquired", "User: job"])
      expect(receiver.text()).not.toContain(trace);
  });
});

describe("without an endpoint", () => {
  it("nothing of OpenTelemetry is loaded: one file imports it, which is imported on demand", async () => {
    expect(await loadTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, "1")).toBeUndefined();
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_SDK_DISABLED: "true" };
    expect(await loadTracing(endpoint, "1")).toBeUndefined();
    const files = (await readdir("src", { recursive: true }))
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `src/${file}`);
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    const importing = (what: RegExp) => files.filter((_file, index) => what.test(texts[index] ?? ""));
    expect(importing(/from "@opentelemetry/)).toEqual(["src/tracing/open-telemetry.ts"]);
    expect(importing(/from ".*open-telemetry\.js"/)).toEqual([]);
    expect(importing(/import\("\.\/open-telemetry\.js"\)/)).toEqual(["src/tracing/load-tracing.ts"]);
  });
});
