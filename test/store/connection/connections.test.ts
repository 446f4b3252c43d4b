import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../../src/config.js";
import { BadInputError } from "../../../src/errors.js";
import { MysqlConnection } from "../../../src/store/connection/mysql-connection.js";
import { Database } from "../../../src/store/database.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../../support/service.js";
import { startMeddlingProxy } from "../../support/meddling-proxy.js";

/** @param padding characters of its transcript: large events share no transaction, and so no connection */
async function newEvent(padding = 0) {
  const payload = await sample("ended");
  if (padding > 0) payload.data.chat_transcript = "x".repeat(padding);
  payload.request_id = payload.data.id = randomUUID();
  for (const message of payload.data.messages) message.id = randomUUID();
  return payload;
}

/** Delivers so many events at once. @returns how many got which status */
async function deliver(
  service: TestService,
  count: number,
  padding?: number,
): Promise<Record<number, number>> {
  const events = await Promise.all(Array.from({ length: count }, () => newEvent(padding)));
  const statuses: Record<number, number> = {};
  for (const { status } of await Promise.all(events.map((event) => service.post(event))))
    statuses[status] = (statuses[status] ?? 0) + 1;
  return statuses;
}

/** SQLite has no connections that could be cut, refused or misunderstood. */
describe.runIf(process.env.TEST_DATABASE_URL !== undefined)("connections of the service", () => {
  let database: TestDatabase;
  const administer = async (statement: string) => {
    const connection = await mysql.createConnection(database.url);
    const [rows] = await connection.query<RowDataPacket[]>(statement);
    await connection.end();
    return rows;
  };
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each(["reset", "drop"] as const)(
    "are replaced unseen where the network forgot them while they were idle (%s)",
    async (how) => {
      const proxy = await startMeddlingProxy(database.url);
      const service = await startService({}, { ...database, url: proxy.url });
      expect(await deliver(service, 100, 70_000)).toEqual({ 200: 100 });
      await delay(1_500);
      expect(proxy.forget(how, 1_000)).toBeGreaterThan(5);
      expect(await deliver(service, 24)).toEqual({ 200: 24 });
      await service.stop();
      await proxy.close();
    },
  );

  it("are waited for where the account may have no more of them", async () => {
    const user = `few_${randomUUID().slice(0, 8)}`;
    await administer(`CREATE USER '${user}'@'%' IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 4`);
    await administer(`GRANT ALL ON ${new URL(database.url).pathname.slice(1)}.* TO '${user}'@'%'`);
    const url = new URL(database.url);
    Object.assign(url, { username: user, password: "few" });
    const service = await startService(
      { DATABASE_POOL_SIZE: "16", DATABASE_TIMEOUT_SECONDS: "60" },
      { ...database, url: url.href },
    );
    expect(await deliver(service, 200)).toEqual({ 200: 200 });
    const { data } = await service.query("{ sessions(first: 1) { nodes { id } } }");
    expect(data).toMatchObject({ sessions: { nodes: [{}] } });
    await service.stop();
    await administer(`DROP USER '${user}'@'%'`);
  });

  it("send nothing more of a transaction once a statement of it has failed", async () => {
    const opened = await Database.open(loadConfig({ DATABASE_URL: database.url }).database, 2);
    // The server may have rolled back by itself (a deadlock, a cluster's conflict): what comes then would be
    // committed on its own.
    const outcome = await opened
      .transaction(async (transaction) => {
        const failing = transaction.query("SELECT * FROM there_is_no_such_table");
        await Promise.resolve().then(() => undefined);
        const further = transaction.query("CREATE TABLE after_failure (id int)");
        const outcomes = await Promise.allSettled([failing, further]);
        throw new BadInputError(outcomes.map(({ status }) => status).join());
      })
      .catch(String);
    expect(outcome).toContain("rejected,rejected");
    expect(await opened.read("SHOW TABLES LIKE 'after_failure'")).toEqual([]);
    await opened.close();
  });

  it("send nothing more of a transaction while it is rolled back", async () => {
    const opened = await Database.open(loadConfig({ DATABASE_URL: database.url }).database, 2);
    const rollback = Reflect.get(MysqlConnection.prototype, "rollback");
    const late: Promise<unknown>[] = [];
    const spy = vi.spyOn(MysqlConnection.prototype, "rollback").mockImplementation(async function (
      this: MysqlConnection,
    ) {
      const rolledBack = rollback.call(this);
      late.push(this.query("CREATE TABLE after_rollback (id int)"));
      await Promise.allSettled(late);
      await rolledBack;
    });
    const failing = opened.transaction(async (transaction) => {
      await transaction.query("SELECT 1");
      throw new BadInputError("It goes no further.");
    });
    await expect(failing).rejects.toThrow(BadInputError);
    spy.mockRestore();
    await expect(Promise.all(late)).rejects.toThrow("after the transaction's end");
    expect(await opened.read("SHOW TABLES LIKE 'after_rollback'")).toEqual([]);
    await opened.close();
  });

  it("keep texts where the server takes clients for latin1, whatever their greeting says", async () => {
    // As --skip-character-set-client-handshake does on a server of latin1.
    const proxy = await startMeddlingProxy(database.url, (packet, isGreeting) => {
      if (isGreeting) packet[12] = 8;
      return packet;
    });
    const service = await startService({}, { ...database, url: proxy.url });
    const event = await newEvent();
    const summary = "Zürich, Łódź, 東京 😀";
    event.data.chat_summary = summary;
    expect((await service.post(event)).status).toBe(200);
    const query = "query Summary($id: ID!) { session(id: $id) { chatSummary } }";
    const { data } = await service.query(query, { id: event.data.id as string });
    expect(data).toEqual({ session: { chatSummary: summary } });
    await service.stop();
    await proxy.close();
    const [row] = await administer(
      `SELECT HEX(chat_summary) AS bytes FROM sessions WHERE id = '${event.data.id as string}'`,
    );
    expect(row?.bytes).toBe(Buffer.from(summary).toString("hex").toUpperCase());
  });

  it("are refused at start where a proxy changes their character set", async () => {
    const [own, other] = ["SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET NAMES latin1"];
    const proxy = await startMeddlingProxy(database.url, (packet) =>
      Buffer.from(packet.toString("latin1").replace(own, other.padEnd(own.length)), "latin1"),
    );
    const started = startService({ DATABASE_WAIT_SECONDS: "0" }, { ...database, url: proxy.url });
    await expect(started).rejects.toThrow("The database changes texts that are not ASCII");
    await proxy.close();
  });

  it("find tables whose format and character set are not the server's defaults", async () => {
    const service = await startService({}, database);
    await service.stop();
    const rows = await administer(
      "SELECT DISTINCT ROW_FORMAT AS format, TABLE_COLLATION AS collation FROM information_schema.TABLES " +
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME <> 'migrations'",
    );
    expect(rows).toEqual([{ format: "Dynamic", collation: "utf8mb4_bin" }]);
  });
});
