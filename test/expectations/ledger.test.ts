import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { parseEnvelope } from "../../src/events/envelope.js";
import { learnWaits } from "../../src/expectations/patience.js";
import { ExpectationWatcher } from "../../src/expectations/watcher.js";
import { createLogger } from "../../src/logger.js";
import { Database } from "../../src/store/database.js";
import { emptyProjection } from "../../src/store/erasure/empty-projection.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { Retention } from "../../src/store/erasure/retention.js";
import { EventLog } from "../../src/store/event-log.js";
import { WebhookEventReader } from "../../src/store/readers/webhook-event.reader.js";
import { lineReceipt } from "../../src/store/receipt.js";
import { FeedWriter } from "../../src/store/writers/feed.writer.js";
import { SessionWriter } from "../../src/store/writers/session.writer.js";
import { eventOf, makeKey, organizationA, organizationB } from "../support/callers.js";
import { newEvent } from "../support/listening.js";
import { createTestDatabase, type Payload, startService, type TestService } from "../support/service.js";

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const patiently = { timeout: 10_000 };

interface Told {
  readonly id: string;
  readonly kind: string;
  readonly sessionId: string;
  readonly question: string | null;
  readonly closedAt: string | null;
}

const listed = `query ($filter: ExpectationFilter) {
  expectations(first: 200, filter: $filter) {
    totalCount nodes { id kind organizationId sessionId question since dueAt openedAt closedAt session { id status } }
  }
}`;

async function expectationsOf(service: TestService, filter?: object, headers = {}): Promise<Told[]> {
  const { data, errors } = await service.query<{ expectations: { nodes: Told[] } }>(
    listed,
    filter && { filter },
    headers,
  );
  expect(errors).toBeUndefined();
  return data.expectations.nodes;
}

const ofSession = (id: unknown) => ({ sessionId: { eq: id } });

/** The watcher of an instance whose clock is a test's; it waits as long as the defaults say. */
function watcherOn(database: Database, clock: () => number) {
  return new ExpectationWatcher({
    database,
    feed: new FeedWriter(database),
    set: { end: undefined, analysis: undefined },
    onOpened: () => undefined,
    logger: createLogger("silent"),
    clock,
  });
}

async function later(database: Database, milliseconds: number): Promise<void> {
  await watcherOn(database, () => Date.now() + milliseconds).look();
}

describe("what should have come", () => {
  let service: TestService;
  let database: Database;
  beforeAll(async () => {
    service = await startService({ EXPECTATIONS: "off" });
    database = await Database.open(service.config.database, 4);
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  async function post(event: Payload): Promise<string> {
    expect((await service.post(event)).status).toBe(200);
    return String(event.data.id);
  }

  it("opens once where no analysis comes within an hour, and closes with the analysis", async () => {
    const ended = await newEvent("ended");
    const id = await post(ended);
    await later(database, hour - 10 * second);
    expect(await expectationsOf(service, ofSession(id))).toEqual([]);
    await later(database, hour + second);
    await later(database, 2 * hour);
    const open = await expectationsOf(service, ofSession(id));
    expect(open).toMatchObject([{ kind: "ANALYSIS", closedAt: null, session: { id, status: "ENDED" } }]);
    await post(await newEvent("analyzed", { id }));
    const closed = await expectationsOf(service, ofSession(id));
    expect(closed).toMatchObject([{ id: open[0]?.id, closedAt: expect.any(String) as string }]);
    await later(database, 3 * hour);
    expect(await expectationsOf(service, ofSession(id))).toEqual(closed);
  });

  it("opens nothing where the analysis comes in time, or before the end", async () => {
    const id = await post(await newEvent("ended"));
    await post(await newEvent("analyzed", { id }));
    const other = await post(await newEvent("analyzed"));
    await post(await newEvent("ended", { id: other }));
    await later(database, 29 * day);
    expect(await expectationsOf(service, { sessionId: { in: [id, other] } })).toEqual([]);
  });

  it("waits for an end, and after it for the analysis", async () => {
    const id = await post(await newEvent("started"));
    await later(database, 7 * day - second);
    expect(await expectationsOf(service, ofSession(id))).toEqual([]);
    await later(database, 7 * day + second);
    expect(await expectationsOf(service, ofSession(id))).toMatchObject([{ kind: "END", closedAt: null }]);
    await post(await newEvent("ended", { id }));
    await later(database, 2 * hour);
    expect(await expectationsOf(service, ofSession(id))).toMatchObject([
      { kind: "END", closedAt: expect.any(String) as string },
      { kind: "ANALYSIS", closedAt: null },
    ]);
  });

  it("is told by the feed, with what is missing, and the analysis after it", async () => {
    const { data } = await service.query<{ sessions: { eventCursor: string } }>(
      "{ sessions { eventCursor } }",
    );
    const id = await post(await newEvent("ended"));
    await later(database, 2 * hour);
    // The entry is numbered like any other, by whoever is asked next.
    await new FeedWriter(database).assignPositions();
    await post(await newEvent("analyzed", { id }));
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    const query = `subscription ($after: Cursor, $filter: SessionFilter) {
      sessionEvents(types: [OVERDUE, ANALYZED], after: $after, filter: $filter) {
        type session { id } expectation { kind sessionId closedAt }
      }
    }`;
    const variables = { after: data.sessions.eventCursor, filter: { id: { eq: id } } };
    const told: unknown[] = [];
    for await (const { data: event } of client.iterate({ query, variables })) {
      told.push(event?.sessionEvents);
      if (told.length === 2) break;
    }
    await client.dispose();
    expect(told).toEqual([
      {
        type: "OVERDUE",
        session: { id },
        expectation: { kind: "ANALYSIS", sessionId: id, closedAt: expect.any(String) as string },
      },
      { type: "ANALYZED", session: { id }, expectation: null },
    ]);
  });

  it("is found once by many who look at once", async () => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, async () => await post(await newEvent("ended"))),
    );
    // A file is one process's own.
    const other = database.dialect.isEmbedded ? database : await Database.open(service.config.database, 4);
    await Promise.all([database, other, database, other].map((each) => later(each, 2 * hour)));
    if (other !== database) await other.close();
    const found = await expectationsOf(service, { sessionId: { in: ids } });
    expect(found.map(({ sessionId }) => sessionId).sort()).toEqual([...ids].sort());
    const entries = await database.read<{ sessionId: string }>(
      "SELECT session_id AS sessionId FROM session_feed WHERE kind = 'OVERDUE'",
    );
    for (const id of ids) expect(entries.filter(({ sessionId }) => sessionId === id)).toHaveLength(1);
  });

  it("closes as an analysis arrives while it is being looked at, whichever comes first", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => await post(await newEvent("ended"))),
    );
    await Promise.all([
      later(database, 2 * hour),
      ...ids.map(async (id) => await post(await newEvent("analyzed", { id }))),
    ]);
    const found = await expectationsOf(service, { sessionId: { in: ids } });
    expect(found.filter(({ closedAt }) => closedAt === null)).toEqual([]);
  });
});

describe("who reads what is missing", () => {
  it("sees what concerns the own organization", async () => {
    const database = await createTestDatabase();
    const readers = await Promise.all([
      makeKey(database),
      makeKey(database, { role: "masked_reader" }),
      makeKey(database, { organization: organizationB }),
    ]);
    const service = await startService({ EXPECT_ANALYSIS_SECONDS: "1" }, database);
    for (const event of [
      await eventOf(organizationA, "e1", "ended"),
      await eventOf(organizationA, "e2", "ended"),
    ])
      expect((await service.post(event)).status).toBe(200);
    const [reader, masked, other] = readers.map(
      ({ header }) =>
        () =>
          expectationsOf(service, undefined, header),
    );
    await expect.poll(() => reader?.(), patiently).toHaveLength(2);
    expect(await masked?.()).toEqual(await reader?.());
    expect(await other?.()).toEqual([]);
    await service.stop();
    await database.drop();
  });
});

describe("what an organization is used to", () => {
  let service: TestService;
  let database: Database;
  let log: EventLog;
  beforeAll(async () => {
    service = await startService({ EXPECTATIONS: "off" });
    database = await Database.open(service.config.database, 4);
    log = new EventLog(database, new SessionWriter(), new FeedWriter(database), new ErasureList(database));
  });
  afterAll(async () => {
    await database.close();
    await service.stop();
  });

  let line = 0;
  /** Records an event as if it had come at another time. */
  async function receive(event: Payload, organization: string, at: number): Promise<string> {
    event.data.agent_version.organization_id = organization;
    const body = Buffer.from(JSON.stringify(event));
    const receipt = lineReceipt(at, (line += 1));
    const { status } = await log.record({ body, envelope: parseEnvelope(body), signature: null, receipt });
    expect(status).toBe("projected");
    return String(event.data.id);
  }

  /** One that sent five events in the hour before this one, in each of so many weeks before. */
  async function organizationThatSent(now: number, weeks: number): Promise<string> {
    const organization = randomUUID();
    await later(database, 0);
    for (let back = weeks; back > 0; back -= 1)
      for (let count = 0; count < 5; count += 1)
        await receive(await newEvent(), organization, now - back * 7 * day - hour);
    return organization;
  }

  async function numberAll(): Promise<void> {
    while (!(await new FeedWriter(database).assignPositions()).isAll);
  }

  it("is a silence where it usually sends something, and ends with what it sends", async () => {
    const now = Date.parse("2026-03-04T15:30:00Z");
    const organization = await organizationThatSent(now, 4);
    const last = await receive(await newEvent(), organization, now - 2 * hour);
    await numberAll();
    const ofOrganization = { organizationId: { eq: organization }, kind: { eq: "DELIVERY" } };
    // The hour before is not over: it may be late.
    await watcherOn(database, () => now - hour).look();
    expect(await expectationsOf(service, ofOrganization)).toEqual([]);
    const watcher = watcherOn(database, () => now);
    await watcher.look();
    await watcher.look();
    const open = await expectationsOf(service, ofOrganization);
    expect(open).toMatchObject([{ sessionId: last, since: "2026-03-04T13:30:00.000Z", closedAt: null }]);
    await receive(await newEvent(), organization, now);
    await numberAll();
    await later(database, 0);
    expect(await expectationsOf(service, ofOrganization)).toMatchObject([
      { id: open[0]?.id, closedAt: expect.any(String) as string },
    ]);
  });

  it("is a silence still where a dead letter of before it is replayed", async () => {
    const now = Date.parse("2026-03-11T15:30:00Z");
    const organization = await organizationThatSent(now, 4);
    const last = await receive(await newEvent(), organization, now - 2 * hour);
    await numberAll();
    await watcherOn(database, () => now).look();
    // Of the same hour, and of another one.
    await receive(await newEvent(), organization, now - 2 * hour - second);
    await receive(await newEvent(), organization, now - 3 * day);
    await numberAll();
    await later(database, 0);
    const ofOrganization = { organizationId: { eq: organization }, kind: { eq: "DELIVERY" } };
    expect(await expectationsOf(service, ofOrganization)).toMatchObject([
      { sessionId: last, closedAt: null },
    ]);
    await watcherOn(database, () => now).look();
    expect(await expectationsOf(service, ofOrganization)).toHaveLength(1);
  });

  it("is no silence where it sent little in these hours of the weeks before", async () => {
    const now = Date.parse("2026-04-08T15:30:00Z");
    const organization = await organizationThatSent(now, 2);
    await receive(await newEvent(), organization, now - 2 * hour);
    await numberAll();
    await watcherOn(database, () => now).look();
    expect(await expectationsOf(service, { organizationId: { eq: organization } })).toEqual([]);
  });

  it("is how long its analyses took: half as long again as the slowest of a hundred", async () => {
    const organization = randomUUID();
    const now = Date.now() - day;
    await later(database, 0);
    for (let count = 0; count < 100; count += 1) {
      const id = await receive(await newEvent("ended"), organization, now);
      await receive(await newEvent("analyzed", { id }), organization, now + (100 + count) * second);
    }
    const overdue = await receive(await newEvent("ended"), organization, now + hour);
    await numberAll();
    const wait = 198 * 1.5 * second;
    await watcherOn(database, () => now + hour + wait - second).look();
    expect(await expectationsOf(service, ofSession(overdue))).toEqual([]);
    await watcherOn(database, () => now + hour + wait + second).look();
    expect(await expectationsOf(service, ofSession(overdue))).toMatchObject([{ kind: "ANALYSIS" }]);
  });

  it("is which questions its agents get no answer to", async () => {
    const version = { id: randomUUID(), organization_id: organizationA };
    const settings = {
      post_call_analysis_data: [
        { name: "Answered", type: "string" },
        { name: "Never answered", type: "string" },
      ],
    };
    const analyzed = async (answers: object) => {
      const event = await newEvent("analyzed", { custom_analysis_data: answers });
      Object.assign(event.data.agent_version, version, { provider_settings: settings });
      return event;
    };
    await later(database, 0);
    for (let count = 0; count < 50; count += 1)
      await receive(await analyzed({ Answered: "yes", "Never answered": null }), organizationA, Date.now());
    await numberAll();
    await later(database, 0);
    const ofVersion = { agentVersionId: { eq: version.id } };
    expect(await expectationsOf(service, ofVersion)).toMatchObject([
      { kind: "ANSWER", question: "Never answered", closedAt: null },
    ]);
    await receive(await analyzed({ "Never answered": false }), organizationA, Date.now());
    await numberAll();
    await later(database, hour);
    expect(await expectationsOf(service, ofVersion)).toMatchObject([
      { question: "Never answered", closedAt: expect.any(String) as string },
    ]);
  });

  it("is no question that its agents ask no more, be it their last one", async () => {
    const version = { id: randomUUID(), organization_id: organizationA };
    const analyzed = async (names: readonly string[]) => {
      const event = await newEvent("analyzed", { custom_analysis_data: null });
      const questions = names.map((name) => ({ name, type: "string" }));
      const settings = { post_call_analysis_data: questions };
      Object.assign(event.data.agent_version, version, { provider_settings: settings });
      return event;
    };
    await later(database, 0);
    for (let count = 0; count < 50; count += 1)
      await receive(await analyzed(["Only one"]), organizationA, Date.now());
    await numberAll();
    await later(database, 0);
    const ofVersion = { agentVersionId: { eq: version.id } };
    expect(await expectationsOf(service, ofVersion)).toMatchObject([
      { question: "Only one", closedAt: null },
    ]);
    const newest = await analyzed([]);
    newest.data.started_at = "2030-01-31T12:00:00Z";
    await receive(newest, organizationA, Date.now());
    await numberAll();
    await later(database, hour);
    expect(await expectationsOf(service, ofVersion)).toMatchObject([
      { question: "Only one", closedAt: expect.any(String) as string },
    ]);
  });

  it("is not told twice where the sessions are made anew, and closes all the same", async () => {
    const id = await receive(await newEvent("ended"), organizationA, Date.now());
    const met = await receive(await newEvent("ended"), organizationA, Date.now());
    await later(database, 2 * hour);
    const before = await expectationsOf(service, { sessionId: { in: [id, met] } });
    expect(before).toHaveLength(2);
    await emptyProjection(database);
    await receive(await newEvent("analyzed", { id: met }), organizationA, Date.now());
    for await (const raw of new WebhookEventReader(database).inOrder({})) await log.replay(raw);
    await later(database, 2 * hour);
    const after = await expectationsOf(service, { sessionId: { in: [id, met] } });
    expect(after.map((each) => [each.id, each.closedAt !== null]).sort()).toEqual(
      before.map((each) => [each.id, each.sessionId === met]).sort(),
    );
    const told = await database.read("SELECT event_id FROM session_feed WHERE kind = 'OVERDUE'");
    expect(told).toEqual([]);
    await receive(await newEvent("analyzed", { id }), organizationA, Date.now());
    expect(await expectationsOf(service, ofSession(id))).not.toMatchObject([{ closedAt: null }]);
  });

  it("is looked for although another organization's is not understood", async () => {
    const broken = "00000000-0000-4000-8000-000000000000";
    await later(database, 0);
    const id = randomUUID();
    for (let count = 0; count < 50; count += 1) {
      const event = await newEvent("analyzed");
      event.data.agent_version.id = id;
      await receive(event, broken, Date.now() - hour);
    }
    await numberAll();
    await database.transaction(async (transaction) => {
      const brokenSettings =
        "UPDATE agent_version_revisions SET provider_settings = '{' WHERE agent_version_id = ?";
      expect(await transaction.execute(brokenSettings, [id])).toBe(1);
    });
    const overdue = await receive(await newEvent("ended"), randomUUID(), Date.now() - 2 * hour);
    await numberAll();
    await later(database, 0);
    expect(await expectationsOf(service, ofSession(overdue))).toMatchObject([{ kind: "ANALYSIS" }]);
  });

  it("goes with its session", async () => {
    const id = await receive(await newEvent("ended"), organizationA, Date.now() - 10 * day);
    await later(database, 0);
    expect(await expectationsOf(service, ofSession(id))).toHaveLength(1);
    await new Retention(database, { sessions: 9, auditLog: undefined }, createLogger("silent")).retire();
    expect(await expectationsOf(service, ofSession(id))).toEqual([]);
  });
});

describe("how long a session is waited for", () => {
  const many = (milliseconds: number) => Array.from({ length: 100 }, () => milliseconds);
  const unset = { end: undefined, analysis: undefined };

  it("is a week for the end and an hour for the analysis, until enough is known", () => {
    const few = many(second).slice(1);
    expect(learnWaits({ ends: few, analyses: few }, unset)).toEqual({ end: 7 * day, analysis: hour });
  });

  it("is never so short that a slow delivery is an alarm, nor so long that there is none", () => {
    expect(learnWaits({ ends: many(second), analyses: many(second) }, unset)).toEqual({
      end: hour,
      analysis: 60 * second,
    });
    expect(learnWaits({ ends: many(100 * day), analyses: many(9 * day) }, unset)).toEqual({
      end: 30 * day,
      analysis: day,
    });
  });

  it("is what is set, whatever was learned", () => {
    const set = { end: 2 * second, analysis: second };
    expect(learnWaits({ ends: many(hour), analyses: many(hour) }, set)).toEqual(set);
  });
});

describe("a service that waits", () => {
  it("notices by itself what is missing, tells subscribers, and goes on after a restart", async () => {
    const service = await startService({ EXPECT_ANALYSIS_SECONDS: "1" });
    const first = await newEvent("ended");
    expect((await service.post(first)).status).toBe(200);
    await expect.poll(() => expectationsOf(service, ofSession(first.data.id)), patiently).toHaveLength(1);
    const second = await newEvent("ended");
    expect((await service.post(second)).status).toBe(200);
    await service.restart();
    await expect.poll(() => expectationsOf(service, ofSession(second.data.id)), patiently).toHaveLength(1);
    expect(await expectationsOf(service)).toHaveLength(2);
    await service.stop();
  });
});
