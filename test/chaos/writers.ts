import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { newEvent } from "../support/listening.js";
import type { Payload } from "../support/service.js";

/** What sessions are filtered by: a session keeps its language for ever. */
export const languages = ["en", "de", "fr"];

/**
 * Deliver events at once, to any instance, and again until it is taken, as Whippy does. Commits come out of
 * order: a row lock from outside holds some transactions up while later ones pass.
 */
export class Writers {
  constructor(
    private readonly count: number,
    private readonly urls: readonly string[],
    private readonly databaseUrl: string,
  ) {}

  /** @returns the ids of the sessions of all events that were answered with a 2xx */
  async run(end: number): Promise<string[]> {
    const delivered: string[] = [];
    const holding = this.holdUpSome(end, delivered);
    await Promise.all(
      Array.from({ length: this.count }, async () => {
        while (Date.now() < end) {
          // A session of its own, or one that is known already: those can be held up.
          const known = delivered[Math.floor(Math.random() * delivered.length)];
          const id = known !== undefined && Math.random() < 0.3 ? known : randomUUID();
          const event = await newEvent(Math.random() < 0.5 ? "analyzed" : "started", {
            id,
            language: languages[id.charCodeAt(0) % languages.length],
            chat_summary: String(Math.random()),
          });
          await this.deliver(event);
          delivered.push(String(event.data.id));
          await delay(Math.random() * 30);
        }
      }),
    );
    await holding;
    return delivered;
  }

  private async deliver(event: Payload): Promise<void> {
    for (;;) {
      const url = this.urls[Math.floor(Math.random() * this.urls.length)] ?? "";
      const answer = await fetch(`${url}/webhooks/whippy`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(event),
      }).catch(() => undefined);
      if (answer?.ok === true) return;
      await delay(100);
    }
  }

  private async holdUpSome(end: number, known: readonly string[]): Promise<void> {
    const connection = await mysql.createConnection(this.databaseUrl);
    while (Date.now() < end) {
      const ids = known.slice(-20);
      if (ids.length > 0) {
        await connection.beginTransaction();
        await connection.query("SELECT id FROM sessions WHERE id IN (?) FOR UPDATE", [ids]);
        await delay(Math.random() * 400);
        await connection.commit();
      }
      await delay(100);
    }
    await connection.end();
  }
}
