import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../../../src/webhook/signature/whippy-signature.js";
import { webhookSecret } from "./built-service.js";

const documented = readFileSync(
  new URL("../../fixtures/whippy/conversation_agent_session.analyzed.json", import.meta.url),
  "utf8",
);
/** The organization of the documented payloads, and so of all deliveries. */
export const organizationId = "4e2afdc4-1ebe-4882-b4c2-29b9f17f27e1";
const longestAnswer = 30_000;
const noAnswer = "no answer";
/** Beyond so many that wait for an acknowledgement no further events are made. */
const mostWaiting = 256;
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** A delivery that was answered with a 2xx. */
export interface Acknowledged {
  readonly requestId: string;
  readonly sessionId: string;
  /** When the attempt was sent that was answered, and when it was; milliseconds of `performance.now()`. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

interface Options {
  readonly perSecond: number;
  /** Characters of each session's transcript. */
  readonly transcript?: number;
  /** Further fields of each session. */
  readonly further?: Readonly<Record<string, string>>;
  /** Told when the first attempt of each session's event was sent. */
  readonly firstSent?: Map<string, number>;
}

/**
 * Signed deliveries at an even rate, whatever the answers; each comes again until it is answered with a 2xx,
 * as Whippy's do.
 */
export class Deliveries {
  readonly acknowledged: Acknowledged[] = [];
  /** Microseconds of each attempt that was answered with 200. */
  readonly latency = createHistogram();
  /** What the agent version says of itself from now on: another text is another content. */
  agentDescription = "Staffing agent";
  private readonly answers = new Map<string, number>();
  private readonly pool: Pool;
  private readonly posts = new Set<Promise<void>>();
  private readonly giveUp = new AbortController();
  private isOver = false;
  private left: string | undefined;
  private readonly posting: Promise<void>;

  constructor(
    url: string,
    private readonly options: Options,
  ) {
    // None waits for a connection: that would be told as time that the service took.
    this.pool = new Pool(url, { connections: mostWaiting, pipelining: 1 });
    this.posting = this.post();
  }

  /** Answers other than 200, and attempts that had none, by their status. */
  get refused(): number {
    return this.countAll() - this.count("200");
  }

  /**
   * Answers that a passing trouble must not have: everything but 200 and a 503 that says when to try again.
   * @param mayBeDown where the service was stopped meanwhile
   */
  problems(mayBeDown = false): string[] {
    const odd = [...this.answers].filter(
      ([status]) => status !== "200" && status !== "503" && !(mayBeDown && status.startsWith(noAnswer)),
    );
    return [
      ...odd.map(([status, count]) => `${count} deliveries were answered with ${status}.`),
      ...(this.left === undefined ? [] : [this.left]),
    ];
  }

  /** Waits until so many more events are acknowledged, or for so many seconds. */
  async untilAcknowledged(more: number, seconds: number): Promise<void> {
    const wanted = this.acknowledged.length + more;
    const deadline = performance.now() + seconds * 1_000;
    while (this.acknowledged.length < wanted && performance.now() < deadline) await delay(20);
  }

  /**
   * Ends the load and waits until everything is acknowledged, for so many seconds; what is left is among the
   * problems.
   */
  async finish(seconds: number): Promise<void> {
    this.isOver = true;
    await this.posting;
    await Promise.race([Promise.all(this.posts), delay(seconds * 1_000)]);
    this.giveUp.abort();
    if (this.posts.size > 0) this.left = `${this.posts.size} deliveries were not taken within ${seconds} s.`;
    await this.pool.destroy();
  }

  count(status: string): number {
    return this.answers.get(status) ?? 0;
  }

  private hasGivenUp(): boolean {
    return this.giveUp.signal.aborted;
  }

  private countAll(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  private async post(): Promise<void> {
    const interval = 1_000 / this.options.perSecond;
    let next = performance.now();
    while (!this.isOver) {
      await delay(Math.max(0, next - performance.now()));
      // A rate that could not be kept is not made up for.
      next = Math.max(next + interval, performance.now() - 1_000);
      if (this.posts.size >= mostWaiting) continue;
      const post = this.deliver();
      this.posts.add(post);
      void post.finally(() => this.posts.delete(post));
    }
  }

  private async deliver(): Promise<void> {
    const { requestId, sessionId, body } = this.newEvent();
    this.options.firstSent?.set(sessionId, performance.now());
    for (let attempt = 1; !this.hasGivenUp(); attempt += 1) {
      const sentAt = performance.now();
      const status = await this.attempt(body);
      if (this.hasGivenUp()) return;
      this.answers.set(status, this.count(status) + 1);
      const answeredAt = performance.now();
      if (status === "200") this.latency.record(Math.max(1, Math.round((answeredAt - sentAt) * 1_000)));
      if (status.startsWith("2")) {
        this.acknowledged.push({ requestId, sessionId, sentAt, answeredAt });
        return;
      }
      await delay(Math.min(1_000, 200 * attempt));
    }
  }

  /** @returns the status, with what is wrong about it */
  private async attempt(body: Buffer): Promise<string> {
    const signature = signWhippy(body, webhookSecret, Math.floor(Date.now() / 1_000));
    try {
      const answer = await this.pool.request({
        method: "POST",
        path: "/webhooks/whippy",
        headers: { "Content-Type": "application/json", [WHIPPY_SIGNATURE_HEADER]: signature },
        body,
        signal: AbortSignal.any([this.giveUp.signal, AbortSignal.timeout(longestAnswer)]),
      });
      const text = await answer.body.text();
      if (answer.statusCode === 503 && answer.headers["retry-after"] === undefined)
        return "503 without Retry-After";
      return answer.statusCode === 200 || answer.statusCode === 503
        ? String(answer.statusCode)
        : `${answer.statusCode} ${text.replaceAll(uuid, "…").slice(0, 200)}`;
    } catch (error) {
      return `${noAnswer} (${error instanceof Error ? error.name : "?"})`;
    }
  }

  private newEvent(): { requestId: string; sessionId: string; body: Buffer } {
    const { transcript } = this.options;
    const payload = JSON.parse(documented);
    payload.request_id = randomUUID();
    payload.data.id = randomUUID();
    for (const message of payload.data.messages) message.id = randomUUID();
    payload.data.agent_version.description = this.agentDescription;
    Object.assign(payload.data, this.options.further);
    if (transcript !== undefined) payload.data.chat_transcript = "Agent: Hello. ".repeat(transcript / 14);
    return {
      requestId: String(payload.request_id),
      sessionId: String(payload.data.id),
      body: Buffer.from(JSON.stringify(payload)),
    };
  }
}
