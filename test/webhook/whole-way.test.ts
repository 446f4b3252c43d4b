import { setTimeout } from "node:timers/promises";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleBytes, startService, type TestService } from "../support/service.js";

const sessionId = "03d8d3f6-d983-41ae-85d6-ac1cf135a223";

describe("from a webhook to a live subscription", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it("tells a subscriber of the analyzed session, once", async () => {
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    const events = client.iterate({
      query:
        "subscription { sessionAnalyzed { cursor type session { id chatSummary messages { nodes { body } } } } }",
    });
    const first = events.next();
    await setTimeout(200);
    for (const name of ["started", "ended", "analyzed", "analyzed"] as const) {
      const response = await service.post(await sampleBytes(name));
      expect(response.status).toBe(200);
    }
    const { value } = (await first) as { value: { data: unknown } };
    expect(value.data).toMatchObject({
      sessionAnalyzed: {
        type: "ANALYZED",
        session: {
          id: sessionId,
          chatSummary: "The user inquired about job opportunities via SMS.",
          messages: { nodes: [{ body: "job" }, {}] },
        },
      },
    });
    const second = await Promise.race([events.next(), setTimeout(500, "silence")]);
    expect(second).toBe("silence");
    await client.dispose();
  });
});
