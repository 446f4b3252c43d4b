import { parse } from "graphql";
import type * as Jit from "graphql-jit";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createSchema } from "../../src/graphql/schema.js";
import { Executor } from "../../src/graphql/plan/executor.js";

const compiled = vi.hoisted((): string[] => []);
vi.mock("graphql-jit", async (load) => {
  const jit = await load<typeof Jit>();
  return {
    ...jit,
    compileQuery: (...call: Parameters<typeof jit.compileQuery>) => {
      compiled.push(String(call[2]));
      return jit.compileQuery(...call);
    },
  };
});

describe("compiled operations", () => {
  let executor: Executor;
  beforeEach(async () => {
    compiled.length = 0;
    executor = new Executor(await createSchema({} as never));
  });

  const documentOf = (name: string) =>
    parse(`query ${name} { __typename } # ${"of some length ".repeat(150)}`);
  const run = async (document: ReturnType<typeof documentOf>) => {
    const context = { end: () => undefined } as never;
    expect(await executor.execute({ document, context })).toEqual({ data: { __typename: "Query" } });
  };

  it("are those that come again, each compiled once", async () => {
    const [once, often] = [documentOf("once"), documentOf("often")];
    await run(once);
    for (let time = 0; time < 5; time += 1) await run(often);
    expect(compiled).toHaveLength(1);
  });

  it("are the last few that were asked for", async () => {
    const often = documentOf("often");
    const others = Array.from({ length: 150 }, (_, n) => documentOf(`other${n}`));
    for (const other of others) for (const document of [other, other, often]) await run(document);
    expect(compiled).toHaveLength(151);
    await run(others[149] ?? often);
    expect(compiled).toHaveLength(151);
    await run(others[0] ?? often);
    expect(compiled).toHaveLength(152);
  });
});
