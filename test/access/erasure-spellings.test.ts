import "reflect-metadata";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tables } from "../../src/store/sql/tables.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";
import { plainBytes } from "../support/plain-bytes.js";
import { eventOf, onDatabase, organizationA } from "../support/callers.js";
import { builtCommand } from "../support/built-command.js";

const phone = "+13235550142";
/** How address fields spell the person; each has a session of its own. */
const addresses = [
  "+13235550142",
  "whatsapp:+13235550142",
  "tel:+1-323-555-0142",
  "sip:+13235550142@carrier.example",
  "+13235550142;ext=5",
  "(323) 555-0142 x5",
  "+15005550006, +13235550142",
  "Ann <+1 323 555 0142>",
  "+1\u200b323\u00ad5550142",
  "001 323 555 0142",
  "３２３５５５０１４２",
];
/** How others write of the person. */
const mentions = [
  "323·555·0142",
  "323_555_0142",
  "323,555,0142",
  "323*555*0142",
  "٣٢٣٥٥٥٠١٤٢",
  "３２３-５５５-０１４２",
];

async function privacy(database: TestDatabase, ...options: string[]) {
  return await promisify(execFile)(process.execPath, [builtCommand("privacy"), ...options], {
    env: { ...process.env, DATABASE_URL: database.url, DATABASE_TIMEOUT_SECONDS: "1" },
  });
}

/** A session's id, with its first character told by a number. */
const prefixOf = (index: number, base: number) => (base + index).toString(16).padStart(2, "0");

async function theirEvent(address: string, prefix: string) {
  const event = await eventOf(organizationA, prefix);
  event.data.chat_summary = "SECRET";
  for (const message of event.data.messages) {
    Object.assign(message, { contact_id: null, body: "SECRET" });
    for (const side of ["from", "to"]) if (message[side] === "+13237452021") message[side] = address;
  }
  return event;
}

async function mentioningEvent(prefix: string) {
  const event = await eventOf(organizationA, prefix);
  Object.assign(event.data, {
    messages: [],
    chat_summary: `Ask ${mentions.join(" or ")} now.`,
    chat_transcript: null,
  });
  event.data.translated_chat_transcript = null;
  event.data.custom_analysis_data = { "+1 323-555-0142": "a key", Number: 3235550142 };
  return event;
}

/** A body that names the person and is nested as deep as JSON allows a sender to. */
const deepBody = (name: string) =>
  `{"event":"message.received","request_id":"${name}","data":{"from":"${phone}","deep":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`;

describe("an erasure by phone number", () => {
  let database: TestDatabase;
  let service: TestService;
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({}, database);
    await sendAll(0);
    await service.stop();
    await privacy(database, "erase", "--phone", phone);
    service = await startService({}, database);
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  async function sendAll(base: number) {
    for (const [index, address] of addresses.entries())
      expect((await service.post(await theirEvent(address, prefixOf(index, base)))).status, address).toBe(
        200,
      );
    expect((await service.post(await mentioningEvent(prefixOf(addresses.length, base)))).status).toBe(200);
    const body = deepBody(String(base));
    const response = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(response.status).toBe(202);
  }

  async function expectNoTrace() {
    const rows = await onDatabase(database, (opened) =>
      Promise.all(tables.map(({ name }) => opened.read<Record<string, unknown>>(`SELECT * FROM ${name}`))),
    );
    const texts = rows
      .flat()
      .flatMap((row) => Object.values(row))
      .map((value) => (Buffer.isBuffer(value) ? plainBytes(value) : String(value)));
    const { data, errors } = await service.query(
      "{ sessions(first: 100) { nodes { chatSummary customAnalysisData messages { nodes { from to body } } } } }",
    );
    expect(errors).toBeUndefined();
    for (const text of [...texts, JSON.stringify(data)]) {
      expect(text.slice(0, 200)).not.toContain("SECRET");
      expect(text.normalize("NFKC").replace(/[^\d٠-٩]/g, "")).not.toMatch(/3235550142|٣٢٣٥٥٥٠١٤٢/);
    }
  }

  it("leaves no trace of any spelling, in no table and no answer", async () => {
    await expectNoTrace();
  });

  it("holds for all spellings that arrive later", async () => {
    await sendAll(100);
    await expectNoTrace();
  });

  it("ends with a code of its own where nobody was found", async () => {
    await expect(privacy(database, "erase", "--phone", "+442079460958")).rejects.toMatchObject({ code: 3 });
  });
});
