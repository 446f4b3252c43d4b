import { randomUUID } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metric } from "../support/metrics.js";
import { sample, startService, type TestService } from "../support/service.js";
import { matchesSession, type ServedSession } from "../support/reference-filter.js";
import { readAllSessions, storeVariedSessions } from "../support/varied-sessions.js";

describe("exports of sessions", () => {
  let service: TestService;
  let sessions: ServedSession[];
  beforeAll(async () => {
    service = await startService();
    // More than one page of an export.
    await storeVariedSessions(service, 215);
    sessions = await readAllSessions(service);
  }, 120_000);
  afterAll(async () => {
    await service.stop();
  });

  async function get(path: string, parameters: Record<string, string> = {}) {
    const response = await fetch(
      `${service.url}/export/${path}?${new URLSearchParams(parameters).toString()}`,
    );
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  }

  /** An export's text, and the cursor that its trailer holds. */
  async function whole(path: string, parameters: Record<string, string> = {}) {
    const response = await new Promise<IncomingMessage>((resolve) =>
      request(`${service.url}/export/${path}?${new URLSearchParams(parameters).toString()}`, resolve).end(),
    );
    let text = "";
    for await (const chunk of response) text += String(chunk);
    expect(response.statusCode).toBe(200);
    return { text, cursor: String(response.trailers["x-export-cursor"]) };
  }

  const lines = (text: string) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("writes each session once, with its fields as GraphQL serves them", async () => {
    const { status, type, text } = await get("sessions.ndjson");
    expect([status, type]).toEqual([200, "application/x-ndjson"]);
    const byId = new Map(lines(text).map((line) => [line.id, line]));
    expect(lines(text)).toHaveLength(sessions.length);
    for (const { agentVersion, agentVersionRevision, messages, analysisHistory, ...session } of sessions) {
      expect(messages.nodes).toHaveLength(session.messageCount as number);
      expect(analysisHistory.length > 0).toBe(session.status === "ANALYZED");
      expect(byId.get(session.id)).toEqual({
        ...session,
        agentId: agentVersionRevision.agentId,
        agentVersionId: agentVersion.id,
      });
    }
  });

  it("means by a filter what GraphQL means", async () => {
    const filter = {
      or: [{ messages: { some: { deliveryStatus: { contains: "fail" } } } }, { search: "café" }],
      not: { userSentiment: { eq: "neutral" } },
    };
    const { text } = await get("sessions.ndjson", { filter: JSON.stringify(filter) });
    const expected = sessions.filter((session) => matchesSession(session, filter)).map(({ id }) => id);
    expect(expected.length).toBeGreaterThan(0);
    expect(lines(text).map(({ id }) => id)).toEqual([...expected].sort());
  });

  it("goes on after a cursor", async () => {
    const whole = lines((await get("sessions.ndjson", { pageCursors: "true" })).text);
    const at = whole.findIndex((line) => "cursor" in line);
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(sessions.length);
    const rest = await get("sessions.ndjson", { after: String(whole[at]?.cursor) });
    expect(lines(rest.text)).toEqual(whole.slice(at + 1).filter((line) => !("cursor" in line)));
    const last = String(whole.at(-1)?.cursor);
    expect((await get("sessions.ndjson", { after: last })).text).toBe("");
  });

  it.each(["sessions.ndjson", "sessions.csv"])(
    "ends %s with a cursor as its trailer, also where nothing was left, or nothing there",
    async (path) => {
      const { text, cursor } = await whole(path);
      const header = path.endsWith(".csv") ? text.slice(0, text.indexOf("\r\n") + 2) : "";
      expect(await whole(path, { after: cursor })).toEqual({ text: header, cursor });
      const none = await whole(path, { filter: JSON.stringify({ id: { null: true } }) });
      // Who stores it as told gets what comes later: here, without the filter, everything.
      expect(lines((await whole("sessions.ndjson", { after: none.cursor })).text)).toHaveLength(
        sessions.length,
      );
    },
  );

  it("goes on after a session's id, whether it is still there or not", async () => {
    const ids = sessions.map(({ id }) => id).sort();
    const [first = "", last = ""] = [ids[100], ids.at(-1)];
    const rest = async (after: string) => lines((await get("sessions.ndjson", { after })).text);
    expect((await rest(first)).map(({ id }) => id)).toEqual(ids.slice(101));
    expect(await rest(first.toUpperCase())).toEqual(await rest(first));
    expect((await rest("00000000-0000-0000-0000-000000000000")).length).toBe(ids.length);
    const [, record] = readCsv((await get("sessions.csv", { after: ids.at(-2) ?? "" })).text);
    expect(record?.[0]).toBe(last);
    const { cursor } = await whole("sessions.csv", { after: last });
    expect(readCsv((await whole("sessions.csv", { after: cursor })).text)).toHaveLength(1);
  });

  it("has a column for each answer in CSV, and no cell that a spreadsheet would run", async () => {
    const { type, text } = await get("sessions.csv");
    expect(type).toBe("text/csv; charset=utf-8");
    const [header = "", ...rest] = text.split("\r\n");
    expect(header).toContain("analysis: Employment");
    expect(header).toContain("analysis: =1+1");
    // Names that differ by spaces at their ends are different names.
    const spaced = header.split(",").filter((name) => name.trimEnd() === "analysis:  spaced");
    expect(spaced).toEqual(["analysis:  spaced", "analysis:  spaced ", "analysis:  spaced  "]);
    expect(rest.filter((line) => sessions.some(({ id }) => line.startsWith(id)))).toHaveLength(
      sessions.length,
    );
    const records = readCsv(text);
    expect(records).toHaveLength(sessions.length + 1);
    expect(new Set(records.map((cells) => cells.length))).toEqual(new Set([records[0]?.length]));
    expect(records.flat().filter((cell) => cell.includes("\n")).length).toBeGreaterThan(10);
    expect(records.flat().filter((cell) => /^[=+@]/.test(cell))).toEqual([]);
    expect(text).toContain(`"'=HYPERLINK(""http://example.com"",""Café 😀"")"`);
    expect(text).not.toMatch(/(^|,|\r\n)"?[=+@]/);
  });

  it.each([
    [{ filter: "{" }, "filter", "must be JSON"],
    [{ filter: '{"sumary":1}' }, "filter.sumary", "is no field of SessionFilter"],
    [{ filter: '{"__proto__":1}' }, "filter.__proto__", "is no field of SessionFilter"],
    [{ filter: "[]" }, "filter", "must be an object of the fields of SessionFilter"],
    [
      { filter: '{"and":[{},{"messages":{"some":{"bodi":{}}}}]}' },
      "filter.and.1.messages.some.bodi",
      "is no field of MessageFilter",
    ],
    [{ filter: '{"answers":[{}]}' }, "filter.answers.0.name", "must be given"],
    [{ filter: '{"and":[null]}' }, "filter.and.0", "must not be null"],
    [{ filter: '{"messageCount":{"eq":"secret"}}' }, "filter.messageCount.eq", "must be of type Int"],
    [{ filter: '{"chatSummary":{"eq":{"a":"secret"}}}' }, "filter.chatSummary.eq", "must be of type String"],
    [{ filter: '{"startedAt":{"gt":"secret"}}' }, "filter.startedAt.gt", "must be of type DateTime"],
    [{ filter: '{"status":{"in":["ENDDE"]}}' }, "filter.status.in.0", "must be of type SessionStatus"],
    [{ filter: '{"search":"?"}' }, "filter.search", undefined],
    [{ after: "no cursor" }, "after", "must be a cursor of an export, or a session's id"],
    [{ after: "" }, "after", "must be a cursor of an export, or a session's id"],
    [{ fliter: "{}" }, "fliter", "is no parameter: filter, after"],
    [{ "filter[id]": "secret" }, "filter[id]", "is no parameter: filter, after"],
    [{ pageCursors: "true" }, "pageCursors", "is no parameter: filter, after"],
  ])("refuses %j and says why", async (parameters: Record<string, string>, field, rule) => {
    const { status, type, text } = await get("sessions.csv", parameters);
    expect([status, type]).toEqual([400, "application/problem+json; charset=utf-8"]);
    const { errors } = JSON.parse(text) as { errors: readonly Record<string, unknown>[] };
    expect(errors).toEqual([{ field, rule: rule ?? (expect.any(String) as unknown) }]);
    expect(text).not.toMatch(/Did you mean|secret|ENDDE|no cursor/);
  });

  it.each([
    ["pageCursors=1", "pageCursors", "must be true or false"],
    ["filter={}&filter={}", "filter", "must be given once"],
    ["nothing", "nothing", "is no parameter: filter, after, pageCursors"],
  ])("refuses ?%s", async (query, field, rule) => {
    const response = await fetch(`${service.url}/export/sessions.ndjson?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ field, rule }] });
  });

  describe("by POST", () => {
    const post = (path: string, body: unknown, type = "application/json") =>
      fetch(`${service.url}/export/${path}`, {
        method: "POST",
        headers: { "Content-Type": type },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });

    it("writes what GET writes, and takes filters that no URL would hold", async () => {
      for (const path of ["sessions.ndjson", "sessions.csv"]) {
        expect(await (await post(path, {})).text()).toBe((await get(path)).text);
        const ids = sessions.slice(0, 400).map(({ id }) => id);
        const filter = { or: [{ id: { in: ids } }, { chatSummary: { eq: "x".repeat(20_000) } }] };
        const after = [...ids].sort()[3] ?? "";
        const response = await post(path, { filter, after });
        expect(response.status).toBe(200);
        expect(await response.text()).toBe((await get(path, { after })).text);
      }
      const withCursors = await (await post("sessions.ndjson", { pageCursors: true })).text();
      expect(withCursors).toBe((await get("sessions.ndjson", { pageCursors: "true" })).text);
    });

    it.each([
      [{ fliter: {} }, "fliter", "is no parameter: filter, after, pageCursors"],
      [{ filter: { nothing: "secret" } }, "filter.nothing", "is no field of SessionFilter"],
      [{ filter: "{}" }, "filter", "must be an object of the fields of SessionFilter"],
      [{ after: 1 }, "after", "must be a cursor of an export, or a session's id"],
      [{ pageCursors: "true" }, "pageCursors", "must be true or false"],
      [[], "body", "must be a JSON object"],
    ])("refuses %j and says why", async (body, field, rule) => {
      const response = await post("sessions.ndjson", body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ field, rule }] });
    });

    it("refuses a filter that no stack would hold", async () => {
      const filter = `${'{"not":'.repeat(8_000)}{}${"}".repeat(8_000)}`;
      const response = await post("sessions.ndjson", `{"filter":${filter}}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        errors: [{ field: "filter", rule: "must not be nested deeper than 100 levels" }],
      });
    });

    it("refuses what is no JSON, too long, or in the URL", async () => {
      const statuses = [
        await post("sessions.csv", "filter={}", "text/plain"),
        await post("sessions.csv", "{"),
        await post("sessions.csv", { filter: { chatSummary: { eq: "x".repeat(1_100_000) } } }),
        await post("sessions.csv?filter={}", {}),
      ].map(({ status }) => status);
      expect(statuses).toEqual([415, 400, 413, 400]);
    });
  });
});

describe("an export of sessions", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it("names its columns in each part of CSV, as a question may come between two parts", async () => {
    const store = async (id: string, answers: Record<string, unknown>) => {
      const payload = await sample("analyzed");
      Object.assign(payload, { id: randomUUID() });
      Object.assign(payload.data, { id, custom_analysis_data: answers });
      expect((await service.post(payload)).status).toBe(200);
    };
    const part = async (after?: string) => {
      const parameters = after === undefined ? "" : `?after=${after}`;
      const [header = [], ...records] = readCsv(
        await (await fetch(`${service.url}/export/sessions.csv${parameters}`)).text(),
      );
      return records.map((cells) => new Map(cells.map((cell, index) => [header[index], cell])));
    };
    const [first, second] = ["1", "2"].map((digit) => `${digit}0000000-0000-4000-8000-000000000000`);
    const answersOf = (records: readonly Map<string | undefined, string>[]) =>
      records.map((record) => ["id", "analysis: Early", "analysis: Middle"].map((name) => record.get(name)));
    await store(String(first), { Middle: "one" });
    expect(answersOf(await part())).toEqual([[first, undefined, "one"]]);
    await store(String(second), { Early: "new", Middle: "two" });
    expect(answersOf(await part(first))).toEqual([[second, "new", "two"]]);
  });

  it("counts as an error with its time where it is refused before the first byte", async () => {
    const tooDeep = `${'{"not":'.repeat(200)}{}${"}".repeat(200)}`;
    const { status } = await fetch(`${service.url}/export/sessions.csv?filter=${tooDeep}`);
    expect(status).toBe(400);
    const operation = "sessions.csv";
    const labels = { operation, transport: "export", result: "error" };
    expect(await metric(service.url, "graphql_operation_seconds_count", labels)).toBe(1);
    const code = "BAD_USER_INPUT";
    expect(await metric(service.url, "graphql_operation_errors_total", { operation, code })).toBe(1);
  });
});

/**
 * RFC 4180's records; carriage returns and line feeds that stand in no quotes end one, as they do for
 * spreadsheets.
 */
function readCsv(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [, quoted, plain = "", end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/g,
  )) {
    if (end === "" && quoted === undefined && plain === "" && records.at(-1)?.length === 0) break;
    records.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ",") records.push([]);
  }
  return records.filter((cells) => cells.length > 0);
}
