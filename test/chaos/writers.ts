import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { newEvent } from "../support/listening.js";

/** What sessions are filtered by: a session keeps its language for ever. */
export const languages = ["en", "de", "fr"];

const longestAnswer = 20_000;
const firstInstant = Date.UTC(2026, 0, 1);
/** How many of the events are delivered to all instances at once. */
const everywhere = 0.3;

/**
 * Deliver events at once, to any instance or to all of them, and again until each is taken, as Whippy does.
 * Commits come out of order: a row lock from outside holds some transactions up while later ones pass.
 */
export class Writers {
  /** The longest time without an acknowledgement, in milliseconds. */
  longestSilence = 0;
  private acknowledgedAt = performance.now();
  private created = 0;

  constructor(
    private readonly count: number,
    private readonly urls: readonly string[],
    private readonly databaseUrl: string,
  ) {}

  /**
   * @param until goes on as long as this
   * @returns the bodies that were answered with a 2xx
   */
  async run(until: Promise<unknown>): Promise<string[]> {
    let isOver = false;
    this.acknowledgedAt = performance.now();
    const end = () => {
      isOver = true;
    };
    until.then(end, end);
    const bodies: string[] = [];
    const delivered: string[] = [];
    const holding = this.holdUpSome(() => isOver, delivered);
    await Promise.all(
      Array.from({ length: this.count }, async () => {
        while (!isOver) {
          // A session of its own, or one that is known already: those can be held up.
          const known = delivered[Math.floor(Math.random() * delivered.length)];
          const id = known !== undefined && Math.random() < 0.3 ? known : randomUUID();
          const event = await newEvent(Math.random() < 0.5 ? "analyzed" : "started", {
            id,
            language: languages[id.charCodeAt(0) % languages.length],
            chat_summary: String(Math.random()),
          });
          event.created_at = this.nextInstant();
          const body = JSON.stringify(event);
          const urls = Math.random() < everywhere ? this.urls : [this.anyUrl()];
          await Promise.all(urls.map((url) => this.deliver(url, body)));
          bodies.push(body);
          delivered.push(String(event.data.id));
          await delay(Math.random() * 30);
        }
      }),
    );
    await holding;
    return bodies;
  }

  /**
   * Each event was created at another instant: of two that say they were created at once, the one received
   * first would count as the earlier, and a delivery that is not answered is received at its first attempt.
   */
  private nextInstant(): string {
    this.created += 1;
    return new Date(firstInstant + this.created).toISOString();
  }

  private anyUrl(): string {
    return this.urls[Math.floor(Math.random() * this.urls.length)] ?? "";
  }

  /** Where an instance does not take it, another one may. */
  private async deliver(first: string, body: string): Promise<void> {
    for (let url = first; !(await isTaken(url, body)); url = this.anyUrl()) await delay(100);
    const now = performance.now();
    this.longestSilence = Math.max(this.longestSilence, now - this.acknowledgedAt);
    this.acknowledgedAt = now;
  }

  private async holdUpSome(isOver: () => boolean, known: readonly string[]): Promise<void> {
    while (!isOver()) {
      // The server may be killed, and a cluster ends a transaction that is in another node's way.
      await this.holdUp(known.slice(-20)).catch(() => undefined);
      await delay(100);
    }
  }

  private async holdUp(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const connection = await mysql.createConnection(this.databaseUrl);
    connection.on("error", () => undefined);
    try {
      await connection.beginTransaction();
      await connection.query("SELECT id FROM sessions WHERE id IN (?) FOR UPDATE", [ids]);
      await delay(Math.random() * 400);
      await connection.commit();
    } finally {
      connection.destroy();
    }
  }
}

/** Delivers to one instance until it is taken. */
export async function deliverTo(url: string, body: string): Promise<void> {
  while (!(await isTaken(url, body))) await delay(100);
}

async function isTaken(url: string, body: string): Promise<boolean> {
  const answer = await fetch(`${url}/webhooks/whippy`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    signal: AbortSignal.timeout(longestAnswer),
  }).catch(() => undefined);
  await answer?.arrayBuffer().catch(() => undefined);
  return answer?.ok === true;
}
