import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { generateSessions } from "../../../tools/simulate/generate.js";
import type { SimulatedEnvelope } from "../../../tools/simulate/payload.js";
import {
  runSimulation,
  type SimulationOptions,
  type SimulationProgress,
} from "../../../tools/simulate/run-simulation.js";
import type { SimulationSummary } from "../../../tools/simulate/tally.js";
import { startReceiver, type Received, type WebhookReceiver } from "../../support/webhook-receiver.js";

let receiver: WebhookReceiver | undefined;

afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
});

async function simulate(
  options: Omit<SimulationOptions, "url">,
  answer?: (response: ServerResponse, received: Received, count: number) => void,
): Promise<{ summary: SimulationSummary; received: Received[] }> {
  receiver = await startReceiver(answer);
  const summary = await runSimulation({ retryDelayMs: 5, ...options, url: receiver.url });
  return { summary, received: receiver.received };
}

const envelopeOf = ({ body }: Received): SimulatedEnvelope =>
  JSON.parse(body.toString()) as SimulatedEnvelope;

const requestIds = (received: Received[]): string[] => received.map((one) => envelopeOf(one).request_id);

const generatedIds = (sessions: number, seed: number): string[] =>
  [...generateSessions({ sessions, seed })].flatMap(({ envelopes }) =>
    envelopes.map(({ request_id }) => request_id),
  );

describe("runSimulation", () => {
  it("delivers what the generator makes, in its order, one after another", async () => {
    const { summary, received } = await simulate({ sessions: 12, seed: 4, concurrency: 1 });
    expect(requestIds(received)).toEqual(generatedIds(12, 4));
    expect(summary).toMatchObject({ sessions: 12, failures: 0, retries: 0, interrupted: 0 });
    expect(summary.answers).toEqual({ 200: summary.deliveries });
  });

  it("keeps each session's order when many are delivered at once", async () => {
    const { received } = await simulate({ sessions: 60, concurrency: 16, duplicate: 0.3 });
    const arrived = new Map<string, string[]>();
    for (const { data, request_id } of received.map(envelopeOf)) {
      const known = arrived.get(data.id) ?? [];
      arrived.set(data.id, known.includes(request_id) ? known : [...known, request_id]);
    }
    for (const { id, envelopes } of generateSessions({ sessions: 60, seed: 1 })) {
      expect(arrived.get(id)).toEqual(envelopes.map(({ request_id }) => request_id));
    }
  });

  it("shuffles repeatably, losing nothing", async () => {
    const options = { sessions: 30, seed: 2, shuffle: true, concurrency: 1 };
    const first = requestIds((await simulate(options)).received);
    await receiver?.stop();
    const second = requestIds((await simulate(options)).received);
    expect(second).toEqual(first);
    expect(first).not.toEqual(generatedIds(30, 2));
    expect([...first].sort()).toEqual(generatedIds(30, 2).sort());
  });

  it("repeats deliveries byte for byte", async () => {
    const { summary, received } = await simulate({ sessions: 10, duplicate: 1 });
    const bodies = new Map<string, number>();
    for (const { body } of received) bodies.set(body.toString(), (bodies.get(body.toString()) ?? 0) + 1);
    expect(new Set(bodies.values())).toEqual(new Set([2]));
    expect(summary.deliveries).toBe(2 * generatedIds(10, 1).length);
    expect(summary.sessions).toBe(10);
  });

  it("tries again after a 503, not before Retry-After", async () => {
    const { summary, received } = await simulate({ samples: true, concurrency: 1 }, (response, _, count) => {
      if (count === 1) response.writeHead(503, { "Retry-After": "1" });
    });
    const [first, second] = received;
    expect(second?.body).toEqual(first?.body);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
    expect(summary).toMatchObject({ deliveries: 3, retries: 1, failures: 0, answers: { 200: 3, 503: 1 } });
  });

  it("gives a delivery up after three retries and goes on with the next", async () => {
    const { summary, received } = await simulate({ samples: true, concurrency: 1 }, (response, { body }) => {
      if (body.includes("conversation_agent_session.ended")) response.writeHead(422);
    });
    expect(received).toHaveLength(6);
    expect(summary).toMatchObject({ deliveries: 3, retries: 3, failures: 1, answers: { 200: 2, 422: 4 } });
  });

  it("takes a redirect for a failure and does not follow it", async () => {
    const { summary, received } = await simulate({ samples: true, concurrency: 1 }, (response) => {
      response.writeHead(307, { Location: "/elsewhere" });
    });
    expect(new Set(received.map(({ path }) => path))).toEqual(new Set(["/webhooks/whippy"]));
    expect(summary.failures).toBe(3);
  });

  it("tries again when the connection breaks", async () => {
    const { summary } = await simulate({ samples: true, concurrency: 1 }, (response, _, count) => {
      if (count === 2) response.destroy();
    });
    expect(summary).toMatchObject({ deliveries: 3, retries: 1, failures: 0 });
    expect(Object.keys(summary.answers).join()).toMatch(/no answer \(\w+\)/);
  });

  it("gives up where nobody has ever answered", async () => {
    const gone = await startReceiver();
    await gone.stop();
    const options = { url: gone.url, sessions: 1_000_000, concurrency: 2, retryDelayMs: 1 };
    const summary = await runSimulation(options);
    expect(summary.failures).toBe(summary.deliveries);
    expect(summary.deliveries).toBeLessThanOrEqual(2);
    expect(summary.answers).toEqual({ "no answer (ECONNREFUSED)": 4 * summary.deliveries });
  });

  it("times out an answer that does not come", async () => {
    receiver = await startReceiver((response) => {
      response.end = () => response;
    });
    const summary = await runSimulation({ url: receiver.url, samples: true, timeoutMs: 30, retryDelayMs: 1 });
    expect(Object.keys(summary.answers)).toEqual(["no answer (timeout)"]);
  });

  it("delivers no faster than the rate", async () => {
    const { summary } = await simulate({ sessions: 10, rate: 100 });
    expect(summary.elapsedMs).toBeGreaterThanOrEqual((summary.deliveries - 1) * 10 - 5);
  });

  it("makes no more deliveries at once than allowed", async () => {
    let open = 0;
    let most = 0;
    receiver = await startReceiver((response) => {
      open += 1;
      most = Math.max(most, open);
      const end = response.end.bind(response);
      response.end = () => {
        setTimeout(() => {
          open -= 1;
          end();
        }, 5);
        return response;
      };
    });
    await runSimulation({ url: receiver.url, sessions: 20, concurrency: 5 });
    expect(most).toBe(5);
  });

  it("ends early on its signal, with the summary of what was done", async () => {
    receiver = await startReceiver();
    const stop = new AbortController();
    const report = ({ deliveries }: SimulationProgress): void => {
      if (deliveries === 20) stop.abort();
    };
    const options = { url: receiver.url, sessions: Number.POSITIVE_INFINITY, signal: stop.signal };
    const summary = await runSimulation(options, report);
    expect(summary.deliveries).toBeGreaterThanOrEqual(20);
    expect(summary.deliveries).toBeLessThan(30);
    expect(summary.failures).toBe(0);
  });

  it("does not wait for a retry once it is stopped", async () => {
    const stop = new AbortController();
    const { summary } = await simulate(
      { samples: true, concurrency: 1, retryDelayMs: 60_000, signal: stop.signal },
      (response) => {
        response.writeHead(500);
        setTimeout(() => {
          stop.abort();
        }, 20);
      },
    );
    expect(summary).toMatchObject({ deliveries: 0, failures: 0, interrupted: 1, retries: 0 });
  });

  it("reports every delivery, and in the end exactly as many as there were", async () => {
    receiver = await startReceiver();
    const reports: SimulationProgress[] = [];
    const options = { url: receiver.url, sessions: 40, duplicate: 0.5, shuffle: true };
    const summary = await runSimulation(options, (progress) => {
      reports.push(progress);
    });
    expect(reports).toHaveLength(summary.deliveries);
    expect(reports.at(-1)).toEqual({
      deliveries: summary.deliveries,
      failures: 0,
      expected: summary.deliveries,
    });
  });
});
