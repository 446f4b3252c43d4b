import { hash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { metric, readMetrics, sumOf } from "./support/metrics.js";
import { sample, sampleBytes, startService, type TestService } from "./support/service.js";

describe("what operators see", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
    await service.post(await sampleBytes("analyzed"));
    await service.post(await sampleBytes("analyzed"));
    const dead = await sample("ended");
    dead.data.id = "none";
    dead.request_id = "dead-1";
    await service.post(dead);
    await service.post({ event: "lead.new", request_id: "ignored-1", data: { deep: [1, null, "ü"] } });
    await service.post("no JSON");
  });
  afterAll(() => service.stop());

  it("serves every recorded delivery, the newest first, with its body as it came", async () => {
    const { data } = await service.query<{ webhookEvents: { nodes: unknown[]; totalCount: number } }>(
      `{ webhookEvents { totalCount nodes { id requestId eventType apiVersion status error receivedAt createdAt organizationId sessionId
         signatureScheme signatureKeyIndex sizeBytes bodySha256 body } } }`,
    );
    const analyzed = await sampleBytes("analyzed");
    expect(data.webhookEvents.totalCount).toBe(3);
    expect(data.webhookEvents.nodes).toMatchObject([
      {
        requestId: "ignored-1",
        status: "IGNORED",
        apiVersion: null,
        body: { data: { deep: [1, null, "ü"] } },
        createdAt: null,
      },
      { requestId: "dead-1", status: "DEAD", error: "data.id: must be a UUID", sessionId: null },
      {
        status: "PROJECTED",
        apiVersion: "v1",
        error: null,
        createdAt: "2025-08-19T06:40:57.416929Z",
        organizationId: "4e2afdc4-1ebe-4882-b4c2-29b9f17f27e1",
        sessionId: "03d8d3f6-d983-41ae-85d6-ac1cf135a223",
        signatureScheme: null,
        sizeBytes: analyzed.length,
        bodySha256: hash("sha256", analyzed),
        body: JSON.parse(analyzed.toString()) as unknown,
      },
    ]);
  });

  it("filters and pages them", async () => {
    const query = `query ($after: String, $filter: WebhookEventFilter) {
      webhookEvents(first: 1, after: $after, filter: $filter) { edges { node { requestId } } pageInfo { endCursor hasNextPage } } }`;
    interface Page {
      webhookEvents: {
        edges: { node: { requestId: string } }[];
        pageInfo: { endCursor: string; hasNextPage: boolean };
      };
    }
    const filter = { status: { in: ["DEAD", "IGNORED"] }, receivedAt: { gt: "2020-01-01T00:00:00Z" } };
    const first = (await service.query<Page>(query, { filter })).data.webhookEvents;
    expect(first).toMatchObject({
      edges: [{ node: { requestId: "ignored-1" } }],
      pageInfo: { hasNextPage: true },
    });
    const after = first.pageInfo.endCursor;
    const second = (await service.query<Page>(query, { filter, after })).data.webhookEvents;
    expect(second).toMatchObject({
      edges: [{ node: { requestId: "dead-1" } }],
      pageInfo: { hasNextPage: false },
    });
  });

  it("finds them by everything that is kept of them", async () => {
    const { request_id: analyzed } = await sample("analyzed");
    const bytes = await sampleBytes("analyzed");
    const found = async (filter: object) => {
      const { data, errors } = await service.query<{ webhookEvents: { nodes: { requestId: string }[] } }>(
        "query ($filter: WebhookEventFilter) { webhookEvents(filter: $filter) { nodes { requestId } } }",
        { filter },
      );
      expect(errors).toBeUndefined();
      return data.webhookEvents.nodes.map(({ requestId }) => requestId);
    };
    expect(await found({ apiVersion: { eq: "v1" } })).toEqual(["dead-1", analyzed]);
    expect(await found({ apiVersion: { neq: "v1" } })).toEqual(["ignored-1"]);
    expect(await found({ apiVersion: { in: ["V1", "v1 ", "ü"] } })).toEqual([]);
    expect(await found({ error: { eq: "data.id: must be a UUID" } })).toEqual(["dead-1"]);
    expect(await found({ error: { startsWith: "data.id" } })).toEqual(["dead-1"]);
    expect(await found({ error: { contains: "ü" } })).toEqual([]);
    expect(await found({ error: { null: true } })).toEqual(["ignored-1", analyzed]);
    expect(await found({ signatureKeyIndex: { null: true, neq: 0 } })).toHaveLength(3);
    expect(await found({ signatureKeyIndex: { gte: 0 } })).toEqual([]);
    expect(await found({ sizeBytes: { eq: bytes.length } })).toEqual([analyzed]);
    // Its last character is one of two bytes.
    const ignored = Buffer.from(
      JSON.stringify({ event: "lead.new", request_id: "ignored-1", data: { deep: [1, null, "ü"] } }),
    );
    expect(await found({ sizeBytes: { lte: ignored.length, gt: ignored.length - 1 } })).toEqual([
      "ignored-1",
    ]);
    expect(await found({ not: { sizeBytes: { in: [bytes.length, ignored.length] } } })).toEqual(["dead-1"]);
    expect(await found({ bodySha256: { eq: hash("sha256", bytes) } })).toEqual([analyzed]);
    expect(await found({ bodySha256: { nin: [hash("sha256", bytes)] } })).toEqual(["ignored-1", "dead-1"]);
    expect(await found({ bodySha256: { in: ["0".repeat(64), "no hash"] } })).toEqual([]);
  });

  it("gives a body that no answer could hold as a text", async () => {
    const body = `{"event":"e","request_id":"deep","data":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`;
    expect((await service.post(body)).status).toBe(202);
    const { data } = await service.query(
      `{ webhookEvents(filter: { requestId: { eq: "deep" } }) { nodes { body } } }`,
    );
    expect(data.webhookEvents).toEqual({ nodes: [{ body }] });
  });

  it("counts deliveries by outcome, dead letters, subscriptions and the feed", async () => {
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    const events = client.iterate({ query: "subscription { sessionAnalyzed { cursor } }" });
    const next = events.next();
    await delay(200);
    const samples = await readMetrics(service.url);
    const deliveries = (type: string, outcome: string) =>
      sumOf(samples, "webhook_delivery_seconds_count", { type, outcome });
    expect(deliveries("conversation_agent_session.analyzed", "projected")).toBe(1);
    expect(deliveries("conversation_agent_session.analyzed", "duplicate")).toBe(1);
    expect(deliveries("conversation_agent_session.ended", "dead")).toBe(1);
    expect(deliveries("other", "ignored")).toBe(2);
    expect(deliveries("none", "refused")).toBe(1);
    expect(sumOf(samples, "webhook_commit_seconds_count")).toBe(5);
    expect(sumOf(samples, "webhook_dead_letters")).toBe(1);
    expect(sumOf(samples, "webhook_deliveries_in_flight")).toBe(0);
    expect(sumOf(samples, "graphql_subscriptions_open", { transport: "websocket" })).toBe(1);
    expect(sumOf(samples, "graphql_subscriptions_open", { transport: "event_stream" })).toBe(0);
    expect(sumOf(samples, "feed_head_position")).toBe(1);
    expect(sumOf(samples, "process_resident_memory_bytes")).toBeGreaterThan(0);
    await client.dispose();
    await next;
    await delay(200);
    expect(await metric(service.url, "graphql_subscriptions_open")).toBe(0);
  });
});
