import { getNamedType, isNonNullType, isObjectType } from "graphql";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { QueryTooComplexError } from "../../src/errors.js";
import { createSchema, type SchemaParts } from "../../src/graphql/schema.js";
import { Database } from "../../src/store/database.js";
import { sample, startService, type TestService } from "../support/service.js";
import { transportsOf } from "../support/transports.js";

const schema = await createSchema({} as SchemaParts);

describe("a part that fails takes nothing else with it", () => {
  let service: TestService;
  let ways: ReturnType<typeof transportsOf>;
  let id: unknown;
  beforeAll(async () => {
    service = await startService();
    const event = await sample("analyzed");
    ({ id } = event.data);
    await service.post(event);
    ways = transportsOf(service);
  });
  afterAll(async () => {
    await ways.close();
    await service.stop();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Three times, so that it is compiled, over each transport. */
  async function expectAnswers(query: string, expected: object): Promise<void> {
    for (const send of [ways.overHttp, ways.overSocket, ways.overStream])
      for (let time = 1; time <= 3; time += 1) expect(await send({ query })).toMatchObject(expected);
  }

  /** As the server's time limit ends a count, and nothing else. */
  function failCounts(): void {
    const read = Reflect.get(Database.prototype, "readForClients");
    vi.spyOn(Database.prototype, "readForClients").mockImplementation(function (
      this: Database,
      sql,
      ...more
    ) {
      return sql.includes("COUNT(*)")
        ? Promise.reject(new QueryTooComplexError("The question takes the database too long.", "read_time"))
        : read.call(this, sql, ...more);
    });
  }

  it("of two root fields", async () => {
    await expectAnswers(
      '{ sessions(after: "no cursor") { nodes { id } } messages(first: 1) { nodes { __typename } } }',
      {
        data: { sessions: null, messages: { nodes: [{ __typename: "Message" }] } },
        errors: [{ path: ["sessions"], extensions: { code: "BAD_USER_INPUT" } }],
      },
    );
  });

  it("of a session's own fields and its messages", async () => {
    await expectAnswers('{ sessions { nodes { id messages(after: "no cursor") { nodes { id } } } } }', {
      data: { sessions: { nodes: [{ id, messages: null }] } },
      errors: [{ path: ["sessions", "nodes", 0, "messages"], extensions: { code: "BAD_USER_INPUT" } }],
    });
  });

  it("of a page and its totalCount", async () => {
    failCounts();
    await expectAnswers("{ sessions { nodes { id } totalCount } }", {
      data: { sessions: { nodes: [{ id }], totalCount: null } },
      errors: [{ path: ["sessions", "totalCount"], extensions: { code: "QUERY_TOO_COMPLEX" } }],
    });
  });

  it("wherever the schema reads more than a stored row: root fields, connections, counts", () => {
    const query = Object.values(schema.getQueryType()?.getFields() ?? {});
    const fields = Object.values(schema.getTypeMap())
      .filter(isObjectType)
      .flatMap((type) => Object.values(type.getFields()));
    const reading = fields.filter(
      ({ name, type }) => name === "totalCount" || getNamedType(type).name.endsWith("Connection"),
    );
    expect(reading.length).toBeGreaterThan(5);
    const strict = [...query, ...reading].filter(({ type }) => isNonNullType(type));
    expect(strict.map(({ name }) => name)).toEqual([]);
  });
});
