import { buildSchema, type GraphQLInputType } from "graphql";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Hollow,
  type HollowPlace,
  hollowPlaces,
  hollowValues,
  literal,
  operationAt,
} from "../support/hollow-inputs.js";
import { sample, startService, type TestService } from "../support/service.js";
import { type Answer, type Send, transportsOf } from "../support/transports.js";

const schema = buildSchema(await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"));
const places = hollowPlaces(schema);
const nameOf = ({ root, way, field, argument }: HollowPlace) =>
  `${[root, ...way, field.name].join(".")}(${argument.name})`;

describe("null or nothing within an argument", () => {
  let service: TestService;
  let ways: ReturnType<typeof transportsOf>;
  beforeAll(async () => {
    service = await startService();
    for (const name of ["started", "analyzed"] as const) await service.post(await sample(name));
    ways = transportsOf(service);
  });
  afterAll(async () => {
    await ways.close();
    await service.stop();
  });

  const transports = ({ root }: HollowPlace): [Send, ...Send[]] => {
    const { overHttp, overSocket, overStream } = ways;
    return root === "query" ? [overHttp, overSocket, overStream] : [overSocket, overStream];
  };

  function expectRefusal({ errors }: Answer, path: string, message: string) {
    const [error] = errors ?? [];
    expect(error?.extensions, message).toMatchObject({ code: "BAD_USER_INPUT", fields: [{ field: path }] });
    expect(error?.extensions.fields?.[0]?.rule, message).toMatch(/^must not be (null|empty)/);
  }

  const hollowsOf = ({ argument }: HollowPlace): [Hollow, string][] =>
    Array.from(hollowValues(argument.type), (hollow) => [hollow, [argument.name, ...hollow.path].join(".")]);

  it("is looked for in every filter, order and grouping of the schema", () => {
    const names = places.map(nameOf);
    for (const name of [
      "query.sessions(filter)",
      "query.sessions(orderBy)",
      "subscription.sessionEvents(types)",
    ])
      expect(names).toContain(name);
    expect(names.length).toBeGreaterThan(10);
  });

  it.each(places.map((place) => [nameOf(place), place] as const))(
    "is refused of %s",
    async (_name, place) => {
      const query = operationAt(place, "$value", `($value: ${String(place.argument.type)})`);
      const sends = transports(place);
      for (const [index, [{ value }, path]] of hollowsOf(place).entries()) {
        // The ways take turns: what judges an argument is the same behind them.
        const send = sends[index % sends.length] ?? sends[0];
        expectRefusal(await send({ query, variables: { value } }), path, JSON.stringify(value));
      }
    },
  );

  it.each(places.map((place) => [nameOf(place), place] as const))(
    "is refused of %s where the operation's text holds it, compiled or not",
    async (_name, place) => {
      // Each text is compiled when it comes again: these are enough.
      const all = hollowsOf(place).filter((_each, index) => index % 15 === 0);
      for (const [{ value }, path] of all) {
        const query = operationAt(place, literal(value, place.argument.type));
        const [send] = transports(place);
        for (let time = 1; time <= 3; time += 1) expectRefusal(await send({ query }), path, query);
      }
    },
  );

  it("is refused where a variable within the argument is null, or lists nothing", async () => {
    const query = `query ($from: DateTime, $ids: [ID!]) {
      sessions(filter: { and: [{ startedAt: { gte: $from } }, { id: { in: $ids } }] }) { nodes { id } }
    }`;
    const open = `query ($from: DateTimeComparator) { sessions(filter: { startedAt: $from }) { totalCount } }`;
    const from = "2026-01-01T00:00:00Z";
    const some = ["00000000-0000-4000-8000-000000000000"];
    for (let time = 1; time <= 3; time += 1) {
      for (const send of [ways.overHttp, ways.overSocket, ways.overStream]) {
        const refused = [
          [{ from: null, ids: some }, "filter.and.0.startedAt.gte"],
          [{ ids: some }, "filter.and.0.startedAt"],
          [{ from, ids: null }, "filter.and.1.id.in"],
          [{ from, ids: [] }, "filter.and.1.id.in"],
        ] as const;
        for (const [variables, path] of refused)
          expectRefusal(await send({ query, variables }), path, JSON.stringify(variables));
        expect(await send({ query, variables: { from, ids: some } })).not.toHaveProperty("errors");
        expectRefusal(await send({ query: open, variables: { from: null } }), "filter.startedAt", open);
        // Absent, its field is absent, and the whole filter empty.
        expect(await send({ query: open })).toMatchObject({ data: { sessions: { totalCount: 1 } } });
      }
    }
  });

  it("is refused of an export, by its path", async () => {
    const type = schema.getType("SessionFilter") as GraphQLInputType;
    for (const { value, path } of hollowValues(type)) {
      const parameters = new URLSearchParams({ filter: JSON.stringify(value) });
      const response = await fetch(`${service.url}/export/sessions.ndjson?${parameters.toString()}`);
      const { errors } = (await response.json()) as { errors: readonly { field: string }[] };
      expect([response.status, errors[0]?.field]).toEqual([400, ["filter", ...path].join(".")]);
    }
  });

  it("names null: true where a comparator is null, has no condition, or compares with null", async () => {
    for (const startedAt of [null, {}, { eq: null }]) {
      const { errors } = await ways.overHttp({
        query: "query ($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }",
        variables: { filter: { startedAt } },
      });
      expect(errors?.[0]?.message).toContain("null: true");
    }
  });

  it("means all where the whole argument is absent or null, or the whole filter is empty", async () => {
    for (const place of places.filter(({ root }) => root === "query")) {
      const query = operationAt(place, "$value", `($value: ${String(place.argument.type)})`);
      const answers = [{}, { value: null }, ...(place.argument.name === "filter" ? [{ value: {} }] : [])];
      for (const variables of answers)
        expect(await ways.overHttp({ query, variables }), nameOf(place)).not.toHaveProperty("errors");
    }
    const count = "query ($filter: SessionFilter) { sessions(filter: $filter) { totalCount } }";
    for (const variables of [{}, { filter: null }, { filter: {} }])
      expect(await ways.overHttp({ query: count, variables })).toMatchObject({
        data: { sessions: { totalCount: 1 } },
      });
    const exported = await fetch(`${service.url}/export/sessions.ndjson?filter=null`);
    expect((await exported.text()).split("\n")).toHaveLength(2);
  });
});
