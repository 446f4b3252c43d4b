import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ask, type Part } from "./processes.js";

/** Every subscriber asks for this. */
export const operation =
  "subscription { sessionAnalyzed { cursor type receivedAt session { id status chatSummary userSentiment endedReason startedAt endedAt customAnalysisData messageCount } } }";

/** Some events, posted at an even rate. */
export interface Load {
  readonly events: number;
  readonly perSecond: number;
  /** Characters of each session's transcript; as in the documented payload where absent. */
  readonly transcript?: number;
}

/** What one load came to. */
export interface Delivery {
  readonly deliveredPerSecond: number;
  /** Of all that had to be delivered. */
  readonly deliveredShare: number;
  /** From the POST of an event to the last subscriber's receipt, milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Heard {
  readonly count: number;
  /** When the last subscriber received each event, in the order of the events. */
  readonly last: readonly number[];
  /** One event as it came. */
  readonly message: string;
}

/**
 * Posts events to a server and waits until its audience has heard of all.
 * @returns one event as it came, too
 */
export async function deliver(
  server: Part,
  audience: Part,
  load: Load,
  subscribers: number,
): Promise<{ readonly delivery: Delivery; readonly message: string }> {
  await ask(audience, "reset");
  const sent = await post(server.address, load);
  const expected = load.events * subscribers;
  const heard = await settled(audience, expected);
  const latencies = heard.last.map((last, index) => last - (sent[index] ?? last)).sort((a, b) => a - b);
  const finished = Math.max(...heard.last);
  const delivery = {
    deliveredPerSecond: Math.round((heard.count / (finished - (sent[0] ?? finished))) * 1_000),
    deliveredShare: heard.count / expected,
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
  };
  return { delivery, message: heard.message };
}

/** @returns when each event was posted */
async function post(address: string, { events, perSecond, transcript }: Load): Promise<number[]> {
  const template = await readFile(
    new URL("../../test/fixtures/whippy/conversation_agent_session.analyzed.json", import.meta.url),
    "utf8",
  );
  const posts: Promise<unknown>[] = [];
  const sent: number[] = [];
  const begun = Date.now();
  for (let index = 0; index < events; index += 1) {
    await delay(Math.max(0, begun + (index * 1_000) / perSecond - Date.now()));
    const payload = JSON.parse(template) as { request_id: string; data: Record<string, unknown> };
    payload.request_id = randomUUID();
    payload.data = { ...payload.data, id: randomUUID(), messages: [] };
    if (transcript !== undefined) payload.data.chat_transcript = "Agent: Hello. ".repeat(transcript / 14);
    const body = JSON.stringify(payload);
    sent.push(Date.now());
    posts.push(
      fetch(`${address}/webhooks/whippy`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body,
      }).then((response) => response.arrayBuffer()),
    );
  }
  await Promise.all(posts);
  return sent;
}

/** Waits until everything has arrived, or nothing more arrives. */
async function settled(audience: Part, expected: number): Promise<Heard> {
  let heard = await ask<Heard>(audience, "heard");
  for (let idle = 0; heard.count < expected && idle < 10;) {
    await delay(300);
    const now = await ask<Heard>(audience, "heard");
    idle = now.count === heard.count ? idle + 1 : 0;
    heard = now;
  }
  return heard;
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
