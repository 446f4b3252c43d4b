import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { onDatabase } from "../support/callers.js";
import {
  createTestDatabase,
  type Payload,
  sample,
  type SampleName,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";
import { type Account, createAccount } from "../support/account.js";
import { startProxy } from "../support/stallable-proxy.js";

async function newEvent(name: SampleName = "analyzed"): Promise<Payload & { data: { id: string } }> {
  const payload = await sample(name);
  payload.request_id = randomUUID();
  for (const message of payload.data.messages) message.id = randomUUID();
  return { ...payload, data: { ...payload.data, id: randomUUID() } };
}

const manyEvents = (count: number) => Promise.all(Array.from({ length: count }, () => newEvent()));

async function analysisOf(service: TestService, sessionId: string): Promise<unknown> {
  const { data } = await service.query<{ session: { customAnalysisData: unknown } | null }>(
    "query ($id: ID!) { session(id: $id) { customAnalysisData } }",
    { id: sessionId },
  );
  return data.session?.customAnalysisData;
}

/** Posts a burst; each of them is stored or told to come again. */
async function postAll(service: TestService, events: readonly unknown[]): Promise<number[]> {
  const responses = await Promise.all(events.map((event) => service.post(event)));
  return responses.map(({ status }) => status);
}

async function becomesReady({ url }: TestService): Promise<void> {
  const deadline = Date.now() + 20_000;
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    if (Date.now() > deadline) throw new Error("The service is not ready again after 20 s.");
    await delay(100);
  }
}

describe("a table that is missing", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  const rename = (from: string, to: string) =>
    onDatabase(service.database, (opened) =>
      opened.transaction((transaction) => transaction.execute(`ALTER TABLE ${from} RENAME TO ${to}`)),
    );

  // The first two fail in the midst of the transaction, the last one in the statements that travel with
  // COMMIT.
  it.each(["sessions", "messages", "session_feed"])(
    "is no fault of the event: it is to come again, and is stored then (%s)",
    async (table) => {
      const event = await newEvent();
      await rename(table, "away");
      const refused = await service.post(event);
      await rename("away", table);
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
      expect(await (await service.post(event)).json()).toMatchObject({ status: "stored" });
      expect(await analysisOf(service, event.data.id)).toEqual(event.data.custom_analysis_data);
    },
  );

  it("is an outage for queries and for whoever says who asks, and not an error of ours or theirs", async () => {
    await rename("sessions", "away");
    const { errors } = await service.query("{ sessions { nodes { id } } }");
    await rename("away", "sessions");
    expect(errors?.[0]?.extensions.code).toBe("SERVICE_UNAVAILABLE");
    await rename("api_keys", "away");
    // What the database said of keys is believed for two seconds.
    await delay(2_100);
    const { status, errors: unknown } = await service.query("{ sessions { nodes { id } } }");
    const socket = new WebSocket(`${service.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    socket.on("open", () => {
      socket.send(JSON.stringify({ type: "connection_init" }));
    });
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    await rename("away", "api_keys");
    expect([status, unknown?.[0]?.extensions.code]).toEqual([503, "SERVICE_UNAVAILABLE"]);
    expect([code, String(reason)]).toEqual([1013, "SERVICE_UNAVAILABLE"]);
  });
});

/** SQLite has no errors by number, no accounts and no server that could be replaced. */
if (process.env.TEST_DATABASE_URL) {
  describe("an error that the server raises while an event is stored", () => {
    let test: TestDatabase;
    let admin: mysql.Connection;
    let service: TestService;
    beforeAll(async () => {
      test = await createTestDatabase();
      service = await startService({ DATABASE_TIMEOUT_SECONDS: "2" }, test);
      admin = await mysql.createConnection(test.url);
      await admin.query("CREATE TABLE troubles (session_id CHAR(36) PRIMARY KEY, number INT)");
      await admin.query(
        `CREATE TRIGGER raise_trouble BEFORE INSERT ON sessions FOR EACH ROW BEGIN
           DECLARE raised INT;
           SELECT MAX(number) INTO raised FROM troubles WHERE session_id = NEW.id;
           IF raised IS NOT NULL THEN
             SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = raised, MESSAGE_TEXT = 'raised by the test';
           END IF;
         END`,
      );
    });
    afterAll(async () => {
      await admin.end();
      await service.stop();
      await test.drop();
    });

    const raise = (number: number, sessionId: string) =>
      admin.query("INSERT INTO troubles VALUES (?, ?)", [sessionId, number]);
    const calm = (sessionId: string) => admin.query("DELETE FROM troubles WHERE session_id = ?", [sessionId]);

    const passing = [
      1020, 1021, 1030, 1037, 1040, 1041, 1047, 1053, 1062, 1105, 1114, 1153, 1158, 1161, 1180, 1203, 1205,
      1206, 1213, 1226, 1290, 1317, 1412, 1637, 1644, 1792, 1836, 1874, 1927, 1969, 3024, 3100, 3101, 3168,
      3169, 3572, 3989, 4031, 8022, 8028, 9007, 59_999,
    ];

    it("is answered 503 by each number that is no fault of the data, and nothing is kept", async () => {
      const events = await manyEvents(passing.length);
      await Promise.all(events.map(({ data }, index) => raise(passing[index] ?? 0, data.id)));
      const responses = await Promise.all(events.map((event) => service.post(event)));
      expect(responses.map(({ status }, index) => [passing[index], status])).toEqual(
        passing.map((number) => [number, 503]),
      );
      expect(responses.every(({ headers }) => Number(headers.get("Retry-After")) > 0)).toBe(true);
      await Promise.all(events.map(({ data }) => calm(data.id)));
      for (const event of events) {
        expect(await (await service.post(event)).json()).toMatchObject({ status: "stored" });
        expect(await analysisOf(service, event.data.id)).toEqual(event.data.custom_analysis_data);
      }
    });

    it.each([1048, 1118, 1264, 1265, 1267, 1292, 1300, 1366, 1367, 1406, 1525, 1690, 1713, 3854, 3988])(
      "makes a dead letter where the data is at fault (%i), which is tried again when it comes again",
      async (number) => {
        const event = await newEvent();
        await raise(number, event.data.id);
        const first = await service.post(event);
        const answer = (await first.json()) as { eventId: string };
        expect([first.status, answer]).toMatchObject([202, { status: "dead", errors: [{ field: "data" }] }]);
        const second = await service.post(event);
        expect([second.status, await second.json()]).toEqual([202, answer]);
        await calm(event.data.id);
        const { eventId } = answer;
        const third = await service.post(event);
        expect([third.status, await third.json()]).toMatchObject([200, { status: "stored", eventId }]);
        expect(await analysisOf(service, event.data.id)).toEqual(event.data.custom_analysis_data);
        expect(await (await service.post(event)).json()).toEqual({ status: "duplicate" });
      },
    );
  });

  describe("an account that the server limits", () => {
    let test: TestDatabase;
    beforeAll(async () => {
      test = await createTestDatabase();
    });
    afterAll(() => test.drop());

    async function withAccount(limits: string, work: (account: Account) => Promise<void>): Promise<void> {
      const account = await createAccount(test, limits);
      try {
        await work(account);
      } finally {
        await account.drop();
      }
    }

    /** Takes all connections that the account may still have. */
    async function takeConnections({ database }: Account): Promise<() => Promise<unknown>> {
      const taken: mysql.Connection[] = [];
      for (;;) {
        const connection = await mysql.createConnection(database.url).catch((error: unknown) => error);
        if (connection instanceof Error) break;
        taken.push(connection as mysql.Connection);
      }
      return () => Promise.all(taken.map((connection) => connection.end()));
    }

    it("stores or refuses deliveries when it has no connection left, and stores the refused later", async () => {
      await withAccount("WITH MAX_USER_CONNECTIONS 12", async (account) => {
        const service = await startService({ DATABASE_TIMEOUT_SECONDS: "2" }, account.database);
        const giveBack = await takeConnections(account);
        const events = await manyEvents(24);
        const statuses = new Set(await postAll(service, events));
        expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
        await giveBack();
        await becomesReady(service);
        expect(new Set(await postAll(service, events.slice(0, 4)))).toEqual(new Set([200]));
        for (const event of events) {
          if ((await service.post(event)).status !== 200)
            throw new Error("A refused delivery is not stored.");
          expect(await analysisOf(service, event.data.id)).toEqual(event.data.custom_analysis_data);
        }
        await service.stop();
      });
    });

    it("is waited for at the start while it has no connection left", async () => {
      await withAccount("WITH MAX_USER_CONNECTIONS 12", async (account) => {
        const giveBack = await takeConnections(account);
        const starting = startService({ DATABASE_WAIT_SECONDS: "30" }, account.database);
        const early = await Promise.race([starting.catch(String), delay(1_500).then(() => "waits")]);
        await giveBack();
        expect(early).toBe("waits");
        const service = await starting;
        expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
        await service.stop();
      });
    });

    it("refuses deliveries while its password is another one, and recovers by itself", async () => {
      await withAccount("", async (account) => {
        const service = await startService({ DATABASE_TIMEOUT_SECONDS: "2" }, account.database);
        await account.alter("IDENTIFIED BY 'second'");
        await account.killConnections();
        const events = await manyEvents(6);
        // The first ones may still meet the killed connections; that is an outage, too.
        await postAll(service, await manyEvents(6));
        expect(new Set(await postAll(service, events))).toEqual(new Set([503]));
        const unready = await fetch(`${service.url}/readyz`);
        expect([unready.status, await unready.text()]).toEqual([
          503,
          expect.stringContaining("ACCESS_DENIED") as string,
        ]);
        const { errors } = await service.query("{ sessions { nodes { id } } }");
        expect(errors?.[0]?.extensions.code).toBe("SERVICE_UNAVAILABLE");
        await account.alter("IDENTIFIED BY 'first'");
        await becomesReady(service);
        expect(new Set(await postAll(service, events))).toEqual(new Set([200]));
        await service.stop();
      });
    });

    it("refuses a delivery that waits for a lock longer than a statement may take", async (context) => {
      // MySQL limits reading statements only.
      if (!(await onDatabase(test, ({ dialect }) => Promise.resolve(dialect.name === "mariadb"))))
        context.skip();
      await withAccount("WITH MAX_STATEMENT_TIME 1", async (account) => {
        const service = await startService({}, account.database);
        const event = await newEvent();
        expect((await service.post({ ...(await newEvent("started")), data: event.data })).status).toBe(200);
        const holder = await mysql.createConnection(test.url);
        await holder.beginTransaction();
        await holder.query("SELECT id FROM sessions WHERE id = ? FOR UPDATE", [event.data.id]);
        const refused = await service.post(event);
        await holder.end();
        expect(refused.status).toBe(503);
        expect(await (await service.post(event)).json()).toMatchObject({ status: "stored" });
        expect(await analysisOf(service, event.data.id)).toEqual(event.data.custom_analysis_data);
        await service.stop();
      });
    });
  });

  describe("a switchover, after which the old primary takes no writes and keeps its connections", () => {
    it("is told by /readyz, and over once the name leads to the new primary", async () => {
      const test = await createTestDatabase();
      const proxy = await startProxy(test.url);
      const service = await startService({ DATABASE_TIMEOUT_SECONDS: "2" }, { ...test, url: proxy.url });
      expect(new Set(await postAll(service, await manyEvents(12)))).toEqual(new Set([200]));

      proxy.demote();
      const events = await manyEvents(12);
      expect(new Set(await postAll(service, events))).toEqual(new Set([503]));
      for (let probe = 0; probe < 3; probe += 1) {
        const unready = await fetch(`${service.url}/readyz`);
        expect([unready.status, await unready.text()]).toEqual([
          503,
          expect.stringContaining(
            "The database takes no writes (ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION).",
          ) as string,
        ]);
      }
      const { data } = await service.query("{ sessions { nodes { id } } }");
      expect(data).toMatchObject({ sessions: {} });

      proxy.resume();
      await becomesReady(service);
      expect(new Set(await postAll(service, events))).toEqual(new Set([200]));
      await service.stop();
      await proxy.close();
      await test.drop();
    });

    it("is not seen by deliveries where the name leads to the new primary at once", async () => {
      const test = await createTestDatabase();
      const proxy = await startProxy(test.url);
      const service = await startService({}, { ...test, url: proxy.url });
      expect(new Set(await postAll(service, await manyEvents(12)))).toEqual(new Set([200]));
      proxy.demote();
      proxy.resume();
      expect(new Set(await postAll(service, await manyEvents(12)))).toEqual(new Set([200]));
      await service.stop();
      await proxy.close();
      await test.drop();
    });
  });
}
