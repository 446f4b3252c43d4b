import { Pool } from "undici";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../src/webhook/signature/whippy-signature.js";
import type { LoadOrder, LoadResult } from "./load-order.js";
import { ingestDeliveries, seedDeliveries, webhookSecret } from "./workload.js";

/**
 * The load generator, a process of its own: it makes and signs all bodies that are measured before the clock
 * starts, then posts them in a closed loop.
 */
process.on("message", (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

async function run(order: LoadOrder): Promise<LoadResult> {
  const pool = new Pool(order.url, { connections: order.concurrency, pipelining: 1 });
  const next = order.kind === "read" ? repeat(order) : deliveries(order);
  const latencies: number[] = [];
  let failed = 0;
  const started = performance.now();
  const worker = async () => {
    for (let chain = next(); chain !== undefined; chain = next()) {
      for (const { path, headers, body } of chain) {
        const sent = performance.now();
        const answer = await pool.request({ method: "POST", path, headers, body });
        const text = await answer.body.text();
        latencies.push(performance.now() - sent);
        if (answer.statusCode === 200) continue;
        failed += 1;
        console.error(answer.statusCode, text);
      }
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, worker));
  const seconds = (performance.now() - started) / 1_000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
  return {
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    requests: latencies.length,
    failed,
  };
}

interface Post {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | string;
}

/** Chains are posted in order, many chains at once. */
type NextChain = () => readonly Post[] | undefined;

function deliveries(order: Extract<LoadOrder, { kind: "ingest" | "seed" }>): NextChain {
  if (order.kind === "seed") {
    const chains = seedDeliveries(order.sessions);
    return () => {
      const next = chains.next();
      return next.done === true ? undefined : signed(next.value);
    };
  }
  const posts = ingestDeliveries(order.sessions, order.round).map(signed);
  return () => posts.pop();
}

function signed(bodies: readonly Buffer[]): Post[] {
  const timestamp = Math.floor(Date.now() / 1_000);
  return bodies.map((body) => ({
    path: "/webhooks/whippy",
    headers: {
      "Content-Type": "application/json",
      [WHIPPY_SIGNATURE_HEADER]: signWhippy(body, webhookSecret, timestamp),
    },
    body,
  }));
}

function repeat({ request, seconds }: Extract<LoadOrder, { kind: "read" }>): NextChain {
  const end = performance.now() + seconds * 1_000;
  const post = [{ ...request, headers: { "Content-Type": "application/json" } }];
  return () => (performance.now() < end ? post : undefined);
}
