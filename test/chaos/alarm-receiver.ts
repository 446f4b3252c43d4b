import { setTimeout as delay } from "node:timers/promises";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { addRule, type Alert, analyzed } from "../support/alerts.js";
import { startReceiver, type WebhookReceiver } from "../support/webhook-receiver.js";
import type { Entry } from "./subscriber.js";

const language = "fr";
/** Milliseconds. A rule stays with an instance that was killed for a minute. */
const longestWait = 120_000;

/** The receiver of one alarm, which tells of each analysis of some sessions. */
export class AlarmReceiver {
  private constructor(private readonly receiver: WebhookReceiver) {}

  static async start(databaseUrl: string): Promise<AlarmReceiver> {
    const receiver = await startReceiver();
    const database = await Database.open(loadConfig({ DATABASE_URL: databaseUrl }).database, 2);
    try {
      const definition = { ...analyzed, filter: { language: { eq: language } } };
      await addRule(database, receiver.url, { definition });
      return new AlarmReceiver(receiver);
    } finally {
      await database.close();
    }
  }

  get figures() {
    const { received } = this.receiver;
    return { alarms: this.first().length, "alarms more than once": received.length - this.first().length };
  }

  /** Waits until all have come. @returns what is wrong: each must come, in order, and may come again */
  async compareWith(feed: readonly Entry[]): Promise<string[]> {
    const expected = feed
      .filter((entry) => entry.kind === "ANALYZED" && entry.language === language)
      .map(({ sessionId }) => sessionId);
    const deadline = Date.now() + longestWait;
    while (this.first().length < expected.length && Date.now() < deadline) await delay(200);
    await delay(1_500);
    await this.receiver.stop();
    const told = this.first();
    const at = expected.findIndex((sessionId, index) => told[index] !== sessionId);
    if (at === -1 && told.length === expected.length) return [];
    return [`${told.length} of ${expected.length} alarms came; the first difference is at ${at}.`];
  }

  /** The sessions of the alarms, each alarm where it came first. */
  private first(): (string | undefined)[] {
    const first = new Map(
      this.receiver.received.toReversed().map((each) => [each.headers["webhook-id"], each]),
    );
    return this.receiver.received
      .filter((each) => first.get(each.headers["webhook-id"]) === each)
      .map(({ body }) => (JSON.parse(body.toString()) as Alert).data.sessionId);
  }
}
