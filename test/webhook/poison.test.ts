import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../src/store/database.js";
import { sample, startService, type TestService } from "../support/service.js";
import { builtCommand } from "../support/built-command.js";

const command = builtCommand("events");

/**
 * An understood event whose data does not fit the tables: answered with an error, it would be lost after
 * three retries.
 */
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

  /** Makes every row too large for this table. */
  const refuseRows = (table: string) =>
    alter(
      database.dialect.isEmbedded
        ? `CREATE TRIGGER refuse BEFORE INSERT ON ${table} BEGIN SELECT zeroblob(2000000000); END`
        : `CREATE TRIGGER refuse BEFORE INSERT ON ${table} FOR EACH ROW SIGNAL SQLSTATE '22001' SET MYSQL_ERRNO = 1406`,
    );

  const replayDead = () =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(process.execPath, [command, "replay", "--dead"], {
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

  // A process of its own takes its time to start on a busy machine.
  const timeout = 120_000;

  // The first two fail in the midst of the transaction, the last one in the statements that travel with
  // COMMIT.
  it.each(["sessions", "messages", "session_feed"])(
    "is a dead letter while %s does not take it, and projected once it does",
    async (table) => {
      const payload = await sample("analyzed");
      payload.request_id = randomUUID();
      const sessionId = randomUUID();
      payload.data.id = sessionId;
      payload.data.chat_summary = "Called from +15550177.";
      for (const message of payload.data.messages) message.id = randomUUID();

      await refuseRows(table);
      const response = await service.post(payload);
      const again = await service.post(payload);
      const answer = (await response.json()) as { eventId: string; errors: { rule: string }[] };
      await alter("DROP TRIGGER refuse");

      expect([response.status, answer]).toMatchObject([202, { status: "dead", errors: [{ field: "data" }] }]);
      const rule = answer.errors[0]?.rule ?? "";
      expect(rule).toMatch(/^could not be stored \((?:ER_DATA_TOO_LONG|SQLITE_TOOBIG)\)$/);
      expect([again.status, await again.json()]).toEqual([202, answer]);
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
    timeout,
  );
});
