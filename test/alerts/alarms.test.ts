import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { StatisticDefinition } from "../../src/alerts/definition.js";
import type { AlertRuleRow } from "../../src/model/alert.js";
import { toDatetime } from "../../src/model/instant.js";
import { AlertOutbox } from "../../src/store/alert-outbox.js";
import { AlertRules } from "../../src/store/alert-rules.js";
import { Database } from "../../src/store/database.js";
import { insertRows } from "../../src/store/sql/statements.js";
import { alertMessages } from "../../src/store/sql/tables.js";
import { addRule, alarmsOn, analyzed, readAlert } from "../support/alerts.js";
import { eventOf, onDatabase, organizationA, organizationB } from "../support/callers.js";
import { newEvent, post, postAnalyzed } from "../support/listening.js";
import { startProcess } from "../support/running-process.js";
import { createTestDatabase, startService, type TestService } from "../support/service.js";
import { startReceiver, type WebhookReceiver } from "../support/webhook-receiver.js";

const minute = 60_000;
const hour = 60 * minute;

let service: TestService;
let database: Database;
const receivers: WebhookReceiver[] = [];
/** How far the clock of the alarms is ahead. */
let ahead = 0;
const clock = () => Date.now() + ahead;
const at = () => toDatetime(new Date(clock()).toISOString());

beforeAll(async () => {
  service = await startService({ ALERTS: "off", EXPECTATIONS: "off" });
  database = await Database.open(service.config.database, 4);
});
afterAll(async () => {
  await database.close();
  await service.stop();
});
beforeEach(() => {
  ahead = 0;
});
afterEach(async () => {
  for (const { id } of await new AlertRules(database).list()) await new AlertRules(database).remove(id);
  for (const receiver of receivers.splice(0)) await receiver.stop();
});

async function receiver(...answer: Parameters<typeof startReceiver>): Promise<WebhookReceiver> {
  const started = await startReceiver(...answer);
  receivers.push(started);
  return started;
}

async function ruleOf({ id }: AlertRuleRow): Promise<AlertRuleRow> {
  const rule = await new AlertRules(database).byId(id);
  if (rule === undefined) throw new Error("The rule is gone.");
  return rule;
}

async function postTo(url: string, body: unknown): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return await fetch(`${url}/webhooks/whippy`, { method: "POST", headers, body: JSON.stringify(body) });
}

const sessionsOf = (rule: AlertRuleRow, { received }: WebhookReceiver) =>
  received.map((each) => readAlert(rule, each).data.sessionId);
const idsOf = ({ received }: WebhookReceiver) => received.map(({ headers }) => headers["webhook-id"]);

describe("a rule of sessions", () => {
  it("tells of each match, in order, once, and signs it", async () => {
    const to = await receiver();
    const definition = { ...analyzed, filter: { userSentiment: { eq: "negative" } } };
    const rule = await addRule(database, to.url, { definition });
    const events = await Promise.all(
      ["negative", "positive", "negative"].map((mood) => newEvent("analyzed", { user_sentiment: mood })),
    );
    const [first, , third] = await post(service, events);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual([first, third]);
    expect(readAlert(rule, to.received[0] as never)).toMatchObject({
      type: "session.analyzed",
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: {
        rule: { id: rule.id, name: rule.name },
        session: { userSentiment: "negative", status: "ANALYZED" },
      },
    });
    expect(alarms.metrics.counts).toEqual({ sent: 2, failed: 0, parked: 0, dropped: 0 });
  });

  it("begins when it is made, and tells of its own organization", async () => {
    const to = await receiver();
    await post(service, [await eventOf(organizationA, "c1")]);
    await alarmsOn(database, clock).look();
    const rule = await addRule(database, to.url, { organizationId: organizationA });
    const [, mine] = await post(service, [
      await eventOf(organizationB, "c2"),
      await eventOf(organizationA, "c3"),
    ]);
    await alarmsOn(database, clock).run();
    expect(sessionsOf(rule, to)).toEqual([mine]);
  });

  it("tells of persons only where it says so", async () => {
    const [masked, personal] = [await receiver(), await receiver()];
    const refusing = await receiver((response) => {
      response.statusCode = 500;
    });
    const rules = [
      await addRule(database, masked.url),
      await addRule(database, personal.url, { isPersonal: 1 }),
    ] as const;
    await addRule(database, refusing.url, { isPersonal: 1 });
    await addRule(database, "http://127.0.0.1:1/", { isPersonal: 1 });
    const event = await newEvent("analyzed", {
      chat_summary: "Ann inquired",
      custom_analysis_data: { Note: "Ann" },
    });
    const [id] = await post(service, [event]);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    expect(masked.received[0]?.body.toString()).not.toContain("Ann");
    expect(readAlert(rules[0], masked.received[0] as never).data.session).toMatchObject({
      id,
      chatSummary: null,
      customAnalysisData: { Note: null },
    });
    expect(readAlert(rules[1], personal.received[0] as never).data.session).toMatchObject({
      id,
      chatSummary: "Ann inquired",
      customAnalysisData: { Note: "Ann" },
    });
    // Whatever a receiver answers, it may have read it; what was not reached has not.
    expect(alarms.disclosed).toEqual([id, id]);
  });

  it("keeps ids and numbers alone until it is sent, and says that a session is gone", async () => {
    const to = await receiver();
    const rule = await addRule(database, to.url, { isPersonal: 1 });
    const event = await newEvent("analyzed", { chat_summary: "Ann inquired" });
    const [id] = await post(service, [event]);
    const alarms = alarmsOn(database, clock);
    await alarms.look();
    const rows = await database.read("SELECT * FROM alert_messages");
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain("Ann");
    await database.transaction((transaction) =>
      transaction.execute("DELETE FROM sessions WHERE id = ?", [id ?? ""]),
    );
    await alarms.send();
    expect(readAlert(rule, to.received[0] as never).data).toMatchObject({
      sessionId: id,
      session: null,
      omitted: "gone",
    });
  });

  it("writes to Slack in Slack's words, in which nobody's words mean anything", async () => {
    const to = await receiver();
    await addRule(database, to.url, { format: "slack", isPersonal: 1, name: "Unhappy <!here>" });
    await post(service, [await newEvent("analyzed", { chat_summary: "<!channel> & <https://evil|x>" })]);
    await alarmsOn(database, clock).run();
    const { text } = JSON.parse(String(to.received[0]?.body)) as { text: string };
    expect(text.split("\n")[0]).toBe("*Unhappy &lt;!here&gt;*: session analyzed");
    expect(text).toContain("chatSummary: &lt;!channel&gt; &amp; &lt;https://evil|x&gt;");
  });
});

describe("a rule of a statistic", () => {
  const definition: StatisticDefinition = {
    kind: "statistic",
    filter: {},
    measure: "share:sentiment=negative",
    comparison: "above",
    threshold: 0.3,
    windowSeconds: 24 * 3_600,
    atLeast: 4,
    isPerAgent: true,
  };

  async function postMoods(moods: readonly string[]): Promise<unknown> {
    const started_at = new Date().toISOString();
    const events = await Promise.all(
      moods.map((mood) => newEvent("analyzed", { started_at, user_sentiment: mood })),
    );
    await post(service, events);
    return events[0]?.data.agent_version.agent_id;
  }

  async function judged(): Promise<void> {
    await alarmsOn(database, clock).run();
    ahead += 2 * minute;
  }

  it("tells that the threshold is crossed, and that it is not any more, each once", async () => {
    const to = await receiver();
    await database.transaction((transaction) => transaction.execute("DELETE FROM sessions"));
    const rule = await addRule(database, to.url, { definition });
    await postMoods(["negative", "negative", "negative"]);
    await judged();
    expect(to.received).toEqual([]);
    const agentId = await postMoods(["neutral"]);
    await Promise.all([judged(), alarmsOn(database, clock).run()]);
    await judged();
    const facts = {
      agentId,
      measure: definition.measure,
      comparison: "above",
      threshold: 0.3,
      windowSeconds: 86_400,
    };
    expect(to.received.map((each) => readAlert(rule, each))).toMatchObject([
      { type: "statistic.crossed", data: { statistic: { ...facts, value: 0.75, count: 4 } } },
    ]);
    await postMoods(Array.from({ length: 6 }, () => "positive"));
    await judged();
    await judged();
    expect(to.received.slice(1).map((each) => readAlert(rule, each))).toMatchObject([
      { type: "statistic.recovered", data: { statistic: { ...facts, value: 0.3, count: 10 } } },
    ]);
  });

  it("tells of nothing at all where fewer are asked for", async () => {
    const to = await receiver();
    await database.transaction((transaction) => transaction.execute("DELETE FROM sessions"));
    const few = {
      ...definition,
      measure: "count",
      comparison: "below",
      threshold: 2,
      isPerAgent: false,
    } as const;
    const rule = await addRule(database, to.url, { definition: { ...few, atLeast: 1 } });
    await judged();
    await postMoods(["neutral", "neutral"]);
    await judged();
    expect(to.received.map((each) => readAlert(rule, each))).toMatchObject([
      { type: "statistic.crossed", data: { statistic: { value: 0, agentId: null } } },
      { type: "statistic.recovered", data: { statistic: { value: 2 } } },
    ]);
  });
});

describe("a receiver in trouble", () => {
  it("gets what it refused again, before anything else", async () => {
    const to = await receiver((response, _, count) => {
      response.statusCode = count <= 2 ? 500 : 200;
    });
    const rule = await addRule(database, to.url);
    const sessions = await postAnalyzed(service, 3);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    expect(await ruleOf(rule)).toMatchObject({ failures: 1, lastError: "HTTP 500" });
    await alarms.run();
    expect(to.received).toHaveLength(1);
    ahead += 10_000;
    await alarms.run();
    ahead += minute;
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual([sessions[0], sessions[0], ...sessions]);
    expect(new Set(idsOf(to)).size).toBe(3);
    expect(await ruleOf(rule)).toMatchObject({
      failures: 0,
      lastError: null,
      nextAt: null,
      leasedUntil: null,
    });
  });

  it("that dies in the middle gets it again, under the same id", async () => {
    const to = await receiver((response, _, count) => {
      if (count > 1) return true;
      response.socket?.destroy();
      return false;
    });
    const rule = await addRule(database, to.url);
    const [session] = await postAnalyzed(service, 1);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    expect(await ruleOf(rule)).toMatchObject({ lastError: "ECONNRESET" });
    ahead += 10_000;
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual([session, session]);
    expect(new Set(idsOf(to)).size).toBe(1);
  });

  it("that redirects is not followed", async () => {
    const elsewhere = await receiver();
    const to = await receiver((response) => {
      response.writeHead(307, { Location: elsewhere.url });
    });
    const rule = await addRule(database, to.url);
    await postAnalyzed(service, 1);
    await alarmsOn(database, clock).run();
    expect(elsewhere.received).toEqual([]);
    expect(to.received).toHaveLength(1);
    expect(await ruleOf(rule)).toMatchObject({ failures: 1, lastError: "HTTP 307" });
  });

  it("at a private address is refused when it is connected to, whatever it is called", async () => {
    const to = await receiver();
    const { port } = new URL(to.url);
    const urls = [
      `https://localhost:${port}/`,
      `https://[::ffff:127.0.0.1]:${port}/`,
      "https://169.254.169.254/",
    ];
    const rules = [];
    for (const url of urls) rules.push(await addRule(database, url));
    await postAnalyzed(service, 1);
    await alarmsOn(database, clock, []).run();
    const errors = await Promise.all(rules.map(async (rule) => (await ruleOf(rule)).lastError));
    expect(errors).toEqual([
      "refused: a private address",
      "refused: no permitted URL",
      "refused: no permitted URL",
    ]);
    expect(to.received).toEqual([]);
  });

  it("holds up nobody else", async () => {
    const [dead, well] = [
      await receiver((response) => {
        response.statusCode = 503;
      }),
      await receiver(),
    ];
    await addRule(database, dead.url);
    const rule = await addRule(database, well.url);
    const sessions = await postAnalyzed(service, 3);
    await alarmsOn(database, clock).run();
    expect(sessionsOf(rule, well)).toEqual(sessions);
  });

  it("leaves room for others, however many hang", async () => {
    const [hanging, well] = [await receiver(() => false), await receiver()];
    for (let count = 0; count < 10; count += 1) {
      const rule = await addRule(database, hanging.url);
      await database.transaction((transaction) =>
        transaction.execute("UPDATE alert_rules SET failures = 1 WHERE id = ?", [rule.id]),
      );
    }
    await postAnalyzed(service, 1);
    const alarms = alarmsOn(database, clock);
    await alarms.look();
    await alarms.sender.look();
    const rule = await addRule(database, well.url);
    const [session] = await postAnalyzed(service, 1);
    await alarms.look();
    await alarms.sender.look();
    await vi.waitFor(() => {
      expect(sessionsOf(rule, well)).toEqual([session]);
    }, 5_000);
    expect(hanging.received).toHaveLength(6);
    await alarms.sender.stop();
  });

  it("is tried for a day with each message, which is then parked and can be sent once more", async () => {
    let isWell = false;
    const to = await receiver((response) => {
      response.statusCode = isWell ? 200 : 500;
    });
    const rule = await addRule(database, to.url);
    const old = await postAnalyzed(service, 2);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    ahead += 24 * hour - minute;
    await alarms.run();
    const outbox = new AlertOutbox(database);
    expect(await outbox.counts()).toMatchObject([{ ruleId: rule.id, waiting: 2, parked: 0 }]);
    ahead += 2 * hour;
    await alarms.run();
    // The second one was not tried yet.
    expect(sessionsOf(rule, to)).not.toContain(old[1]);
    expect(await outbox.counts()).toMatchObject([{ ruleId: rule.id, waiting: 1, parked: 1 }]);
    await alarms.run();
    expect(sessionsOf(rule, to)).toContain(old[1]);
    expect(await outbox.counts()).toMatchObject([{ ruleId: rule.id, waiting: 0, parked: 2 }]);
    expect(alarms.metrics.counts.parked).toBe(2);
    isWell = true;
    await postAnalyzed(service, 1);
    await alarms.run();
    to.received.splice(0);
    await outbox.retry(rule.id, at());
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual(old);
    isWell = false;
    // Received more than a day ago, by the alarms' clock.
    await postAnalyzed(service, 1);
    await alarms.run();
    expect(await outbox.counts()).toMatchObject([{ waiting: 1, parked: 0 }]);
    ahead += 25 * hour;
    await alarms.run();
    expect(await outbox.counts()).toMatchObject([{ waiting: 0, parked: 1 }]);
    ahead += 8 * 24 * hour;
    await alarms.run();
    expect(await outbox.counts()).toEqual([]);
    expect(alarms.metrics.counts).toMatchObject({ parked: 3, dropped: 1 });
  });

  it("sends what was parked after what waits, which one that no receiver takes would hold up", async () => {
    let refused = "none";
    const to = await receiver((response, { body }) => {
      response.statusCode = body.includes(refused) ? 413 : 200;
    });
    const rule = await addRule(database, to.url);
    [refused = ""] = await postAnalyzed(service, 1);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    ahead += 25 * hour;
    await alarms.run();
    const outbox = new AlertOutbox(database);
    expect(await outbox.counts()).toMatchObject([{ waiting: 0, parked: 1 }]);
    const [next] = await postAnalyzed(service, 1);
    await alarms.look();
    await outbox.retry(rule.id, at());
    to.received.splice(0);
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual([next, refused]);
    const [last] = await postAnalyzed(service, 1);
    await alarms.look();
    expect(await outbox.counts()).toMatchObject([{ waiting: 2, parked: 0 }]);
    ahead += 25 * hour;
    await alarms.run();
    await alarms.run();
    expect(sessionsOf(rule, to)).toContain(last);
  });

  it("makes no more than a thousand wait: the feed is the queue", async () => {
    const to = await receiver();
    const rule = await addRule(database, to.url);
    const row = {
      ...{
        ruleId: rule.id,
        kind: "ANALYZED",
        eventId: null,
        organizationId: null,
        sessionId: null,
        facts: "{}",
      },
      ...{ receivedAt: "2026-01-31 12:00:00.000000", giveUpAt: "2030-01-31 12:00:00.000000", parkedAt: null },
    };
    const rows = Array.from({ length: 1_000 }, (_, index) => ({
      ...row,
      id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      ordinal: index - 1_000,
    }));
    await database.transaction((transaction) => insertRows(transaction, alertMessages, rows));
    const [session] = await postAnalyzed(service, 1);
    const alarms = alarmsOn(database, clock);
    await alarms.look();
    expect((await ruleOf(rule)).position).toBe(rule.position);
    await database.transaction((transaction) =>
      transaction.execute("DELETE FROM alert_messages WHERE ordinal > ?", [-990]),
    );
    await alarms.look();
    await database.transaction((transaction) =>
      transaction.execute("DELETE FROM alert_messages WHERE ordinal < 0"),
    );
    await alarms.send();
    expect(sessionsOf(rule, to)).toEqual([session]);
  });
});

it("a rule that cannot be read says so, and holds up no other one", async () => {
  const to = await receiver();
  const broken = await addRule(database, to.url, {
    definition: { ...analyzed, filter: { gone: { eq: 1 } } },
  });
  const rule = await addRule(database, to.url);
  const sessions = await postAnalyzed(service, 1);
  await alarmsOn(database, clock).run();
  expect(sessionsOf(rule, to)).toEqual(sessions);
  expect(await ruleOf(broken)).toMatchObject({
    lastError: "not read",
    failures: 0,
    position: broken.position,
  });
});

describe("several instances", () => {
  it("put down each message once, and send them in order", async () => {
    const to = await receiver();
    const rule = await addRule(database, to.url);
    const sessions = await postAnalyzed(service, 120);
    // A file is one process's own.
    const other = database.dialect.isEmbedded ? database : await Database.open(service.config.database, 4);
    const instances = [database, other, database, other].map((each) => alarmsOn(each, clock));
    await Promise.all(instances.map(({ look }) => look()));
    expect(await new AlertOutbox(database).counts()).toMatchObject([{ waiting: 120, parked: 0 }]);
    for (let round = 0; round < 3; round += 1) await Promise.all(instances.map(({ send }) => send()));
    if (other !== database) await other.close();
    expect(sessionsOf(rule, to)).toEqual(sessions);
  });

  it("go on where one has died, from the message that it was sending", async () => {
    const to = await receiver();
    const rule = await addRule(database, to.url);
    const sessions = await postAnalyzed(service, 2);
    const alarms = alarmsOn(database, clock);
    await alarms.look();
    // It has the lease, has sent the first message, and says no more.
    const at = (milliseconds: number) =>
      new Date(milliseconds).toISOString().replace("T", " ").replace("Z", "000");
    await new AlertOutbox(database).lease(rule.id, at(clock()), at(clock() + minute));
    await alarms.run();
    expect(to.received).toEqual([]);
    ahead += minute + 1_000;
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual(sessions);
  });

  it("go on at the feed's end where it has become another one", async () => {
    const to = await receiver();
    const rule = await addRule(database, to.url);
    await database.transaction((transaction) =>
      transaction.execute("UPDATE alert_rules SET epoch = ? WHERE id = ?", ["f".repeat(16), rule.id]),
    );
    await postAnalyzed(service, 1);
    const alarms = alarmsOn(database, clock);
    await alarms.run();
    expect(alarms.metrics.gaps).toBe(1);
    const [session] = await postAnalyzed(service, 1);
    await alarms.run();
    expect(sessionsOf(rule, to)).toEqual([session]);
    expect(await ruleOf(rule)).toMatchObject({ gaps: 1 });
  });
});

describe("the service", () => {
  it("loses nothing where it is killed while it sends", async () => {
    const test = await createTestDatabase();
    const environment = { DATABASE_URL: test.url, ALERT_PRIVATE_TARGETS: "127.0.0.1", LOG_LEVEL: "info" };
    const killed = await startProcess(environment);
    const to = await receiver((response) => {
      setTimeout(() => response.end(), 200);
      return false;
    });
    const rule = await onDatabase(test, (opened) => addRule(opened, to.url));
    const sessions = await postAnalyzed({ ...service, post: (body) => postTo(killed.url, body) }, 20);
    await vi.waitFor(() => {
      expect(to.received.length).toBeGreaterThan(2);
    }, 10_000);
    await killed.end("SIGKILL");
    expect(to.received.length).toBeLessThan(20);
    ahead += 2 * minute;
    await onDatabase(test, (opened) => alarmsOn(opened, clock).run());
    const told = sessionsOf(rule, to);
    expect([...new Set(told)]).toEqual(sessions);
    expect(told.length - sessions.length).toBeLessThanOrEqual(1);
    await test.drop();
  });

  it("sends alarms, of what is overdue too, and takes deliveries while a receiver hangs", async () => {
    const own = await startService({ ALERT_PRIVATE_TARGETS: "127.0.0.1", EXPECT_ANALYSIS_SECONDS: "1" });
    const opened = await Database.open(own.config.database, 2);
    const [hanging, well, overdue] = [await receiver(() => false), await receiver(), await receiver()];
    const hung = await addRule(opened, hanging.url);
    const rule = await addRule(opened, well.url);
    const missing = await addRule(opened, overdue.url, {
      definition: { kind: "expectation", expectations: ["ANALYSIS" as never], filter: {} },
    });
    const others = await addRule(opened, overdue.url, {
      definition: { kind: "expectation", expectations: ["END" as never], filter: {} },
    });
    const sessions = await postAnalyzed(own, 1);
    await vi.waitFor(() => {
      expect(hanging.received).toHaveLength(1);
    }, 10_000);
    sessions.push(...(await postAnalyzed(own, 20)));
    const [ended] = await post(own, [await newEvent("ended")]);
    await vi.waitFor(() => {
      expect(sessionsOf(rule, well)).toEqual(sessions);
      expect(overdue.received.map((each) => readAlert(missing, each))).toMatchObject([
        {
          type: "session.overdue",
          data: { sessionId: ended, expectation: { kind: "ANALYSIS", closedAt: null } },
        },
      ]);
    }, 15_000);
    await vi.waitFor(async () => {
      expect(await new AlertRules(opened).byId(hung.id)).toMatchObject({ lastError: "timeout" });
    }, 15_000);
    expect((await new AlertRules(opened).byId(others.id))?.lastSentAt).toBeNull();
    const metrics = await (await fetch(`${own.url}/metrics`)).text();
    expect(metrics).toContain('alert_outcomes_total{outcome="sent"} 22');
    expect(metrics).toContain('alert_messages{state="waiting"} 21');
    await opened.close();
    await own.stop();
  });
});
