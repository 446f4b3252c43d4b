import { createHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { begin, openSocket } from "../support/rehearsal/abuse/socket.js";
import type { Target } from "../support/rehearsal/abuse/abuse.js";

const operation =
  "subscription ($after: Cursor) { sessionAnalyzed(after: $after) { cursor session { id } } }";

interface Message {
  readonly type: string;
  readonly payload?: {
    readonly data?: {
      readonly sessionAnalyzed: { readonly cursor: string; readonly session: { readonly id: string } };
    };
  };
}

/** Subscribers who read, in one process and with as little work as can be. */
export class SoakAudience {
  /** What they were told, but for events; and how often a connection was lost. */
  readonly errors: string[] = [];
  /** Microseconds from the first attempt to deliver an event to each subscriber's receipt. */
  readonly latency = createHistogram();
  /** The sessions in the order in which the first subscriber that heard of each did. */
  private readonly order: string[] = [];
  /** How many events each subscriber has heard of. */
  private readonly heard: number[] = [];
  private outOfOrder = 0;
  private isOver = false;

  constructor(
    private readonly target: Target,
    private readonly sentAt: ReadonlyMap<string, number>,
  ) {}

  async gather(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      this.heard.push(0);
      await this.subscribe(index, undefined);
    }
    // The service answers a subscription with its first event only: give it time to take the last ones.
    await delay(1_000);
  }

  /** Waits until all have heard of so many events, or for so many seconds. */
  async untilHeard(events: number, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1_000;
    while (this.heard.some((count) => count < events) && Date.now() < deadline) await delay(200);
    await delay(500);
    this.isOver = true;
  }

  /** How many heard of exactly these sessions, each once, in the one order. */
  exact(sessionIds: ReadonlySet<string>): number {
    const isWhole = this.order.length === sessionIds.size && this.order.every((id) => sessionIds.has(id));
    if (!isWhole || new Set(this.order).size !== this.order.length || this.outOfOrder > 0) return 0;
    return this.heard.filter((count) => count === sessionIds.size).length;
  }

  private async subscribe(index: number, after: string | undefined): Promise<void> {
    const socket = await openSocket(this.target);
    let cursor = after;
    socket.on("message", (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as Message;
      const event = message.payload?.data?.sessionAnalyzed;
      if (event !== undefined) {
        cursor = event.cursor;
        this.take(index, event.session.id);
      } else if (message.type === "ping") socket.send('{"type":"pong"}');
      else this.errors.push(bytes.toString().slice(0, 200));
    });
    socket.on("close", (code) => {
      if (this.isOver) return;
      this.errors.push(`A subscriber's connection was closed with ${code}.`);
      setTimeout(() => void this.subscribe(index, cursor).catch(() => undefined), 500);
    });
    begin(socket, "1", operation, { after });
  }

  private take(index: number, sessionId: string): void {
    const place = this.heard[index] ?? 0;
    this.heard[index] = place + 1;
    if (place === this.order.length) this.order.push(sessionId);
    else if (this.order[place] !== sessionId) this.outOfOrder += 1;
    const sent = this.sentAt.get(sessionId);
    if (sent !== undefined) this.latency.record(Math.max(1, Math.round((performance.now() - sent) * 1_000)));
  }
}
