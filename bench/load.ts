import { Pool } from "undici";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../src/webhook/signature/whippy-signature.js";
import type { LoadOrder, LoadResult } from "./load-order.js";
import { ingestDeliveries, listDeliveries, webhookSecret } from "./workload.js";

/**
 * The load generator, a process of its own: it makes and signs all bodies before the clock starts, then posts
 * them in a closed loop.
 */
process.on("message", (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});

async function run(order: LoadOrder): Promise<LoadResult> {
  const pool = new Pool(order.url, { connections: order.concurrency, pipelining: 1 });
  const next = order.kind === "list" ? repeat(order) : deliveries(order);
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
  const chains =
    order.kind === "seed"
      ? [...listDeliveries(order.sessions)]
      : ingestDeliveries(order.sessions, order.round);
  const timestamp = Math.floor(Date.now() / 1_000);
  const posts = chains.map((bodies) =>
    bodies.map((body) => ({
      path: "/webhooks/whippy",
      headers: {
        "Content-Type": "application/json",
        [WHIPPY_SIGNATURE_HEADER]: signWhippy(body, webhookSecret, timestamp),
      },
      body,
    })),
  );
  return () => posts.pop();
}

function repeat({ body, seconds }: Extract<LoadOrder, { kind: "list" }>): NextChain {
  const end = performance.now() + seconds * 1_000;
  const post = [{ path: "/graphql", headers: { "Content-Type": "application/json" }, body }];
  return () => (performance.now() < end ? post : undefined);
}
