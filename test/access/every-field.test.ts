import "reflect-metadata";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ClassType } from "type-graphql";
import { Agent } from "../../src/model/agent.js";
import { AgentVersion, AgentVersionRevision } from "../../src/model/agent-version.js";
import { Analysis, StoredAnswer } from "../../src/model/analysis.js";
import { SessionParty, SessionTerms } from "../../src/model/bookkeeping.js";
import { propertiesOf, tableTraitsOf } from "../../src/model/declare.js";
import { Message } from "../../src/model/message.js";
import * as constants from "../../src/model/privacy.js";
import { notPersonal, type Privacy } from "../../src/model/privacy.js";
import { Session } from "../../src/model/session.js";
import { WebhookEvent } from "../../src/model/webhook-event.js";
import { Eraser } from "../../src/store/erasure/eraser.js";
import { ErasureList } from "../../src/store/erasure/erasure-list.js";
import { tables } from "../../src/store/sql/tables.js";
import { addRule } from "../support/alerts.js";
import { plainBytes } from "../support/plain-bytes.js";
import { eventOf, onDatabase, organizationA, startWithReaders } from "../support/callers.js";
import type { TestDatabase } from "../support/service.js";

/** The test sets these itself: they say whose the session is. */
const setByTest = ["from", "to"];
/** What masked readers see all the same: texts about the agent, and ids of the person. */
const shown = ["name", "description", "contactId", "campaignContactId", "stepContactId"];

/** The person's number stands in every text, and a word that tells whose text it is. */
const digits = "3237452021";
const words = { theirs: "zebra", others: "quagga", agents: "okapi" };

const classes = [
  ...[Session, Message, Analysis, StoredAnswer, SessionParty, SessionTerms, WebhookEvent],
  ...[AgentVersionRevision, AgentVersion, Agent],
];

/** A value of a column. */
interface Held {
  readonly column: string;
  readonly text: string;
}

const privacyFile = new URL("../snapshots/privacy.txt", import.meta.url);
/**
 * Fields that hold nothing of a person, as the snapshot said at the start, whatever their traits say: one
 * that it does not name yet counts as personal.
 */
const notOfPersons = new Set(
  (existsSync(privacyFile) ? readFileSync(privacyFile, "utf8") : "")
    .split("\n")
    .filter((line) => line.endsWith(": notPersonal"))
    .map((line) => line.slice(0, line.indexOf(":"))),
);

/** A value for each field of a class that a payload sets. @returns the ids among them */
function plant(type: ClassType, into: Record<string, unknown>, word: string): string[] {
  const ids: string[] = [];
  for (const { name, kind, traits } of propertiesOf(type)) {
    const { payload } = traits;
    if (payload === undefined || setByTest.includes(name)) continue;
    if (notOfPersons.has(`${type.name}.${name}`)) continue;
    if (kind.column.type === "uuid") ids.push((into[payload] = randomUUID()));
    else if (kind.comparator === undefined) into[payload] = { note: `${word} ${digits}` };
    else if (kind.isText) into[payload] = `${word} ${digits}`;
    else if (kind.column.type === "double") into[payload] = Number(digits);
  }
  return ids;
}

/** An event whose every field tells of a person. */
async function eventWith(session: string, word: string) {
  const event = await eventOf(organizationA, session);
  const { data } = event;
  plant(AgentVersionRevision, data.agent_version, words.agents);
  const ids = [...plant(Session, data, word), ...data.messages.flatMap((each) => plant(Message, each, word))];
  return { event, ids };
}

/** What all tables hold, value by value. */
async function readAll(database: TestDatabase): Promise<Held[]> {
  return await onDatabase(database, async (opened) => {
    const held: Held[] = [];
    for (const { name } of tables)
      for (const row of await opened.read<Record<string, unknown>>(`SELECT * FROM ${name}`))
        for (const [column, value] of Object.entries(row))
          held.push({ column: `${name}.${column}`, text: asText(value) });
    return held;
  });
}

function asText(value: unknown): string {
  return Buffer.isBuffer(value) ? plainBytes(value) : JSON.stringify(value);
}

/** The columns that hold one of these texts, each once. */
function holding(held: readonly Held[], texts: readonly string[]): string[] {
  const found = held.filter(({ text }) => texts.some((each) => text.includes(each)));
  return [...new Set(found.map(({ column }) => column))].sort();
}

/** The name of the constant in src/model/privacy.ts. */
function nameOf(privacy: Privacy): string {
  const [name] = Object.entries(constants).find(([, constant]) => constant === privacy) ?? [];
  return name ?? JSON.stringify(privacy);
}

describe("a field that tells of a person", () => {
  let started: Awaited<ReturnType<typeof startWithReaders>>;
  let before: Held[];
  let after: Held[];
  let masked: Record<string, unknown>;
  let traces: string[];

  beforeAll(async () => {
    started = await startWithReaders();
    const { service } = started;
    // What it has to tell waits: nobody listens there.
    await onDatabase(service.database, (opened) =>
      addRule(opened, "https://localhost:1/", { isPersonal: 1 }),
    );
    const theirs = await eventWith("a1", words.theirs);
    traces = [words.theirs, ...theirs.ids];
    expect((await service.post(theirs.event)).status).toBe(200);
    masked = await readMasked(theirs.event.data.id);
    // Of somebody else, who mentions the person.
    const { event } = await eventWith("b1", words.others);
    for (const message of event.data.messages)
      for (const side of ["from", "to"])
        if (String(message[side]).includes(digits)) message[side] = "+15550001111";
    const text = `${words.others} ${digits}`;
    event.data.custom_analysis_data = { [text]: text, Number: Number(digits) };
    expect((await service.post(event)).status).toBe(200);
    await vi.waitFor(async () => {
      const waiting = holding(await readAll(service.database), [String(theirs.event.data.id)]);
      expect(waiting).toContain("alert_messages.session_id");
    }, 10_000);
    before = await readAll(service.database);
    await onDatabase(service.database, (opened) =>
      new Eraser(opened, new ErasureList(opened), 10).erase(`+1${digits}`),
    );
    after = await readAll(service.database);
  });
  afterAll(async () => {
    await started.service.stop();
  });

  /** A session and what hangs on it: every field that is declared and served. */
  async function readMasked(id: unknown): Promise<Record<string, unknown>> {
    const fields = (type: ClassType) =>
      propertiesOf(type)
        .filter(({ isServed }) => isServed)
        .map(({ name }) => name)
        .join(" ");
    const { data, errors } = await started.service.query(
      `query ($id: ID!) { session(id: $id) { ${fields(Session)} messages { nodes { ${fields(Message)} } }
        analysisHistory { ${fields(Analysis)} } agentVersion { ${fields(AgentVersion)} }
        agentVersionRevision { ${fields(AgentVersionRevision)} } agent { ${fields(Agent)} } } }`,
      { id },
      started.masked,
    );
    expect(errors).toBeUndefined();
    return data;
  }

  it("is declared personal as the snapshot says, which shows every change to whoever reviews it", async () => {
    const lines = classes.flatMap((type) =>
      propertiesOf(type).map(({ name, traits: { privacy } }) => `${type.name}.${name}: ${nameOf(privacy)}`),
    );
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../snapshots/privacy.txt");
  });

  it("holds something of the person here, and no other does", () => {
    const personal = classes.flatMap((type) =>
      propertiesOf(type)
        .filter(({ traits }) => traits.privacy !== notPersonal)
        .map(({ column }) => `${tableTraitsOf(type).table}.${column}`),
    );
    const told = holding(before, [...traces, ...Object.values(words), digits]);
    expect(told).toEqual([...new Set(personal)].sort());
  });

  it("is declared the same in each class of its table", () => {
    const declared = new Map<string, unknown>();
    for (const type of classes) {
      for (const { column, traits } of propertiesOf(type)) {
        const name = `${tableTraitsOf(type).table}.${column}`;
        expect([name, traits.privacy]).toEqual([name, declared.get(name) ?? traits.privacy]);
        declared.set(name, traits.privacy);
      }
    }
  });

  it("is withheld from a masked reader", () => {
    const seen = new Set<string>();
    JSON.stringify(masked, (name, value: unknown) => {
      if ([...traces, words.agents, digits].some((each) => typeof value === "string" && value.includes(each)))
        seen.add(name);
      return value;
    });
    expect([...seen].sort()).toEqual([...shown].sort());
  });

  it("is empty once the person is erased, and names the person nowhere", () => {
    expect(holding(after, [...traces, digits])).toEqual([]);
    const theirs = holding(before, [words.others, words.agents]);
    expect(holding(after, [words.others, words.agents])).toEqual(theirs);
  });
});
