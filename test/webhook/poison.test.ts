import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { sample, startService, type TestService } from "../service.js";

const command = fileURLToPath(new URL("../../src/cli/events.ts", import.meta.url));

/** An understood event that the tables cannot take: answered with an error, it would be lost after three retries. */
describe("an event that cannot be projected", () => {
  let service: TestService;
  let database: Database;
  beforeAll(async () => {
    service = await startService();
    database = await Database.open(service.config.database, 2);
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  const alter = (sql: string) => database.transaction((transaction) => transaction.execute(sql));

  const replayDead = () =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(process.execPath, ["--import", "tsx", command, "replay", "--dead"], {
        env: { ...process.env, DATABASE_URL: service.database.url },
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (text: Buffer) => (said += text.toString()));
      child.on("error", reject);
      child.on("close", () => {
        resolve(said);
      });
    });

  const look = async (eventId: string, sessionId: string) => {
    const { data } = await service.query(
      `query ($eventId: ID!, $sessionId: ID!) {
        webhookEvents(filter: { id: { eq: $eventId } }) { nodes { status error } }
        session(id: $sessionId) { chatSummary messageCount messages { totalCount } }
      }`,
      { eventId, sessionId },
    );
    return data;
  };

  // The first two fail in the midst of the transaction, the last one in the statements that travel with COMMIT.
  it.each(["sessions", "messages", "session_feed"])(
    "is a dead letter while %s is missing, and projected once it is repaired",
    async (table) => {
      const payload = await sample("analyzed");
      payload.request_id = randomUUID();
      const sessionId = randomUUID();
      payload.data.id = sessionId;
      payload.data.chat_summary = "Called from +15550177.";
      for (const message of payload.data.messages) message.id = randomUUID();

      await alter(`ALTER TABLE ${table} RENAME TO away`);
      const response = await service.post(payload);
      const again = await service.post(payload);
      const answer = (await response.json()) as { eventId: string; errors: { rule: string }[] };
      await alter(`ALTER TABLE away RENAME TO ${table}`);

      expect(response.status).toBe(202);
      expect(answer).toMatchObject({ status: "dead", errors: [{ field: "data" }] });
      const rule = answer.errors[0]?.rule ?? "";
      expect(rule).toMatch(/^could not be stored \([A-Za-z0-9_]+\)$/);
      expect([again.status, await again.json()]).toEqual([200, { status: "duplicate" }]);
      expect(await look(answer.eventId, sessionId)).toEqual({
        webhookEvents: { nodes: [{ status: "DEAD", error: `data: ${rule}` }] },
        session: null,
      });

      expect(await replayDead()).toContain("projected 1, unchanged 0, ignored 0, dead 0");
      expect(await look(answer.eventId, sessionId)).toEqual({
        webhookEvents: { nodes: [{ status: "PROJECTED", error: null }] },
        session: {
          chatSummary: "Called from +15550177.",
          messageCount: payload.data.messages.length,
          messages: { totalCount: payload.data.messages.length },
        },
      });
    },
  );
});
