import { describe, expect, it } from "vitest";
import { readOnce } from "../../src/graphql/plan/lasting.js";
import { mariadb, mysql } from "../../src/store/sql/mysql.dialect.js";
import { sqlite } from "../../src/store/sql/sqlite.dialect.js";
import { compileFilter } from "../../src/store/readers/filter.js";
import { messageFilterFields } from "../../src/store/readers/message.reader.js";

describe("what clients give again", () => {
  const copied = (value: unknown) => structuredClone(value);

  it("is the same object from the third time on, which nobody can change", () => {
    const read = readOnce(copied);
    const [, second, third, fourth] = Array.from({ length: 4 }, () => read({ a: [{ b: "c" }] }));
    expect([third, fourth]).toEqual([{ a: [{ b: "c" }] }, { a: [{ b: "c" }] }]);
    expect(third).toBe(second);
    expect(fourth).toBe(second);
    expect(() => {
      Object.assign((second as { a: object[] }).a[0] ?? {}, { b: "d" });
    }).toThrow(TypeError);
    expect(read({ a: [{ b: "C" }] })).toEqual({ a: [{ b: "C" }] });
  });

  it("is read by each reader for itself, and what does not fit is never kept", () => {
    const reads = [readOnce(copied), readOnce((value) => ({ read: value }))];
    for (let time = 0; time < 3; time += 1)
      expect(reads.map((read) => read({ a: 1 }))).toEqual([{ a: 1 }, { read: { a: 1 } }]);
    const misfit = Symbol("misfit");
    const refuse = readOnce(() => misfit);
    for (let time = 0; time < 3; time += 1) expect(refuse({ a: 1 })).toBe(misfit);
    expect(refuse("a")).toBe(misfit);
  });

  it("is read anew each time where it is long", () => {
    const read = readOnce(copied);
    const [, second, third] = Array.from({ length: 3 }, () => read({ a: "b".repeat(2_000) }));
    expect(third).toEqual(second);
    expect(third).not.toBe(second);
  });

  it("is compiled for each purpose as what comes once", () => {
    const filter = { body: { contains: "a" }, or: [{ id: { eq: "B" } }, { direction: { neq: "in" } }] };
    const lasting = Object.freeze({ ...filter });
    for (let time = 0; time < 2; time += 1)
      for (const dialect of [sqlite, mysql, mariadb])
        for (const form of ["all", "each"] as const)
          for (const alias of ["m", "fm"])
            expect(compileFilter(lasting, messageFilterFields, alias, { dialect, form })).toEqual(
              compileFilter(filter, messageFilterFields, alias, { dialect, form }),
            );
  });
});
