import { readFile } from "node:fs/promises";
import { buildSchema, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../src/logger.js";
import { OperationWatch } from "../src/graphql/operation-watch.js";
import { Metrics } from "../src/metrics/metrics.js";
import { rawSocket } from "./support/callers.js";
import { metric, parseMetrics, readMetrics, type Sample, sumOf } from "./support/metrics.js";
import { sample, sampleBytes, startService, type TestService } from "./support/service.js";
import { transportsOf } from "./support/transports.js";

/** `process_*` stands for all of these. */
const defaults = /^(?:process|nodejs)_/;

describe("docs/OPERATIONS.md", () => {
  let text: string;
  let service: TestService;
  const documented = new Map<string, string>();
  beforeAll(async () => {
    service = await startService({ RETENTION_DAYS: "36500" });
    await service.post(await sampleBytes("analyzed"));
    await service.query("query Named { viewer { role } wrong }");
    await service.query("query Named { viewer { role } }");
    text = await (await fetch(`${service.url}/metrics`)).text();
    const page = await readFile("docs/OPERATIONS.md", "utf8");
    const section = /^## Metrics$(.*?)^## /ms.exec(page)?.[1] ?? "";
    const items = section.split(/^(?=- |[A-Z].*:$)/m).filter((item) => item.startsWith("- `"));
    for (const item of items) {
      const [head = "", ...rest] = item.split("`: ");
      expect(rest.join("`: "), `what a bad value of ${head} means`).toMatch(/\bBad:\s/);
      for (const [, name = "", labels = ""] of `${head}\``.matchAll(/`([\w*]+)(?:\{(.*?)\})?`/g))
        documented.set(name, labels);
    }
  });
  afterAll(() => service.stop());

  it("lists each metric that is served, and no other", () => {
    const served = Array.from(text.matchAll(/^# TYPE (\w+) /gm), ([, name = ""]) => name);
    expect([...documented.keys()].filter((name) => !name.endsWith("*")).sort()).toEqual(
      served.filter((name) => !defaults.test(name)).sort(),
    );
    expect(served.filter((name) => defaults.test(name)).length).toBeGreaterThan(20);
    expect([...documented.keys()]).toEqual(expect.arrayContaining(["process_*", "nodejs_*"]));
  });

  it("names the labels of each", () => {
    const ofSamples = parseMetrics(text).filter(({ name }) => !defaults.test(name));
    expect(ofSamples.length).toBeGreaterThan(50);
    for (const { name, labels } of ofSamples) {
      const metricName = documented.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, "");
      const own = Object.keys(labels).filter((label) => label !== "le");
      expect(documented.get(metricName), name).toBe(own.join(","));
    }
  });
});

describe("the metrics", () => {
  let service: TestService;
  let samples: Sample[];
  const sum = (name: string, labels: Record<string, string> = {}) => sumOf(samples, name, labels);
  beforeAll(async () => {
    service = await startService({ GRAPHQL_MAX_DEPTH: "3", WEBHOOK_MAX_BYTES: "20000" });
  });
  afterAll(() => service.stop());

  it("tell how long a change takes to its commit, its position and its subscribers, by transport", async () => {
    const query = "subscription Live { sessionEvents { cursor } }";
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init", payload: { "apollographql-client-name": "board" } });
    await expect.poll(() => socket.received.length).toBe(1);
    socket.send({ type: "subscribe", id: "1", payload: { query } });
    const abort = new AbortController();
    const stream = await fetch(`${service.url}/graphql/stream?${new URLSearchParams({ query }).toString()}`, {
      signal: abort.signal,
      headers: { "apollographql-client-name": "worker" },
    });
    const reader = stream.body?.getReader();
    await expect.poll(() => metric(service.url, "graphql_subscriptions_catching_up")).toBe(0);
    await expect.poll(() => metric(service.url, "graphql_subscriptions_open")).toBe(2);
    const before = Date.now() / 1_000;
    await service.post(await sampleBytes("analyzed"));
    await expect.poll(() => metric(service.url, "graphql_events_pushed_total")).toBe(2);
    samples = await readMetrics(service.url);
    expect(sum("webhook_commit_seconds_count")).toBe(1);
    expect(sum("feed_position_seconds_count")).toBe(1);
    // Both asked the same: they are one group.
    expect(sum("feed_push_seconds_count", { kind: "ANALYZED" })).toBe(1);
    expect(sum("graphql_events_pushed_total", { transport: "websocket" })).toBe(1);
    expect(sum("graphql_events_pushed_total", { transport: "event_stream" })).toBe(1);
    expect(sum("graphql_operation_seconds_count", { operation: "Live", transport: "websocket" })).toBe(1);
    expect(sum("graphql_operation_seconds_count", { operation: "Live", transport: "event_stream" })).toBe(1);
    expect(sum("graphql_client_operations_total", { client: "board", operation: "Live" })).toBe(1);
    expect(sum("graphql_client_operations_total", { client: "worker", operation: "Live" })).toBe(1);
    const organization = "4e2afdc4-1ebe-4882-b4c2-29b9f17f27e1";
    expect(sum("webhook_last_delivery_timestamp_seconds", { organization })).toBeGreaterThanOrEqual(before);
    expect([sum("feed_lag_entries"), sum("feed_oldest_unnumbered_seconds")]).toEqual([0, 0]);
    abort.abort();
    await reader?.cancel().catch(() => undefined);
    socket.socket.close();
  });

  it("tell errors by operation and code on all transports, and refusals by limit", async () => {
    const deep = "query Deep { sessions { nodes { conversation { sessions { nodes { id } } } } } }";
    await service.query(deep);
    await service.query("query Broken {");
    const socket = await rawSocket(service);
    socket.send({ type: "connection_init" });
    await expect.poll(() => socket.received.length).toBe(1);
    socket.send({ type: "subscribe", id: "1", payload: { query: deep } });
    await expect.poll(() => socket.received.length).toBeGreaterThan(1);
    socket.socket.close();
    const stream = `${service.url}/graphql/stream?${new URLSearchParams({ query: deep }).toString()}`;
    await (await fetch(stream)).text();
    await (await fetch(`${service.url}/export/sessions.ndjson`)).text();
    await service.post("x".repeat(30_000));
    const named = { "Content-Type": "application/json" };
    await fetch(`${service.url}/graphql`, { method: "POST", headers: named, body: "{ broken" });
    samples = await readMetrics(service.url);
    const errors = (operation: string, code: string) =>
      sum("graphql_operation_errors_total", { operation, code });
    expect(errors("Deep", "QUERY_TOO_COMPLEX")).toBe(3);
    expect(errors("Broken", "GRAPHQL_PARSE_FAILED")).toBe(1);
    expect(errors("none", "BAD_REQUEST")).toBe(1);
    for (const transport of ["http", "websocket", "event_stream"])
      expect(
        sum("graphql_operation_seconds_count", { operation: "Deep", transport, result: "error" }),
        transport,
      ).toBe(1);
    const exported = { operation: "sessions.ndjson", transport: "export", result: "ok" };
    expect(sum("graphql_operation_seconds_count", exported)).toBe(1);
    expect(sum("limit_refusals_total", { limit: "operation" })).toBe(3);
    expect(sum("limit_refusals_total", { limit: "body_size" })).toBe(1);
  });

  it("tell errors of operations that are refused before they are parsed, on all transports", async () => {
    const { overHttp, overStream, overSocket, close } = transportsOf(service);
    const fields = `${"{a".repeat(1_001)}${"}".repeat(1_001)}`;
    const sends = { OverHttp: overHttp, OverStream: overStream, OverSocket: overSocket };
    for (const [name, send] of Object.entries(sends)) await send({ query: `query ${name} ${fields}` });
    await close();
    samples = await readMetrics(service.url);
    for (const operation of Object.keys(sends))
      expect(sum("graphql_operation_errors_total", { operation, code: "BAD_USER_INPUT" }), operation).toBe(1);
  });

  it("keep no more names than they may, and no text that is no name", async () => {
    for (let index = 0; index < 60; index += 1)
      await service.query(
        `query Operation${index} { viewer { role } }`,
        {},
        {
          "apollographql-client-name": index < 30 ? `client-${index}` : `+1323745202${index}`,
        },
      );
    await service.query("query q13237452021 { viewer { role } }");
    samples = await readMetrics(service.url);
    const values = (label: string) =>
      new Set(samples.flatMap(({ labels }) => (labels[label] === undefined ? [] : [labels[label]])));
    expect(values("operation").size).toBeLessThanOrEqual(52);
    expect(values("client").size).toBeLessThanOrEqual(21);
    expect([...values("operation"), ...values("client")].join()).not.toContain("1323745202");
    const total = samples.filter(({ name }) => name === "graphql_client_operations_total");
    const counted = total.filter(
      ({ labels }) => labels.client === "other" || labels.client?.startsWith("client-"),
    );
    expect(counted.reduce((all, { value }) => all + value, 0)).toBe(60);
  });

  it("tell of each pool how many of its connections are in use", async () => {
    samples = await readMetrics(service.url);
    if (service.config.database.kind === "file") {
      expect(sum("database_pool_size")).toBeUndefined();
      return;
    }
    for (const pool of ["write", "own", "clients"]) {
      const size = sum("database_pool_size", { pool }) ?? 0;
      const open = sum("database_pool_connections", { pool }) ?? 0;
      expect(open).toBeGreaterThan(0);
      expect(open).toBeLessThanOrEqual(size);
      expect(sum("database_pool_acquired_total", { pool })).toBeGreaterThan(0);
      await expect
        .poll(async () => {
          samples = await readMetrics(service.url);
          return sum("database_pool_waiting", { pool });
        })
        .toBe(0);
    }
  });

  it("tell of dead letters and of deliveries that are in work", async () => {
    const dead = await sample("ended");
    dead.data.id = "none";
    await service.post(dead);
    samples = await readMetrics(service.url);
    expect([sum("webhook_dead_letters"), sum("webhook_deliveries_in_flight")]).toEqual([1, 0]);
  });
});

it("uses of deprecated fields, arguments, input fields and values are counted by client", async () => {
  const schema = buildSchema(`
    enum Order { NEW OLD @deprecated(reason: "none") }
    input Filter { name: String, title: String @deprecated(reason: "name") }
    type Query { now(order: Order, filter: Filter, old: Int @deprecated(reason: "order")): Int, then: Int @deprecated(reason: "now") }`);
  const metrics = new Metrics();
  const watch = new OperationWatch(schema, metrics.operations, createLogger("silent"));
  const document = parse('{ now(order: OLD, filter: { title: "t" }, old: 1) then again: then }');
  const asked = { transport: "http", caller: undefined, client: "old-app", begun: 0 } as const;
  for (let times = 0; times < 2; times += 1) watch.answered(asked, { document });
  watch.answered(asked, { document: parse("{ now(order: NEW) }") });
  const samples = parseMetrics(await metrics.registry.metrics());
  const uses = samples.filter(({ name }) => name === "graphql_deprecated_uses_total");
  expect(uses.map(({ labels, value }) => [labels.client, labels.element, value])).toEqual([
    ["old-app", "Order.OLD", 2],
    ["old-app", "Filter.title", 2],
    ["old-app", "Query.now(old:)", 2],
    ["old-app", "Query.then", 2],
  ]);
});
