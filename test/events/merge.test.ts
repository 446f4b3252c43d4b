import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  firstSighting,
  merge,
  type Merged,
  messageOrderKey,
  sessionOrderKey,
} from "../../src/events/merge.js";

interface Fields {
  a: string | null;
  b: string | null;
  c: string | null;
}

interface Said {
  key: string;
  fields: Fields;
}

const value = fc.option(fc.constantFrom("x", "y", "z"), { nil: null });
/** Distinct keys: no two events have the same. */
const events = fc.uniqueArray(
  fc.record<Said>({
    key: fc.integer({ min: 1, max: 99 }).map((key) => String(key).padStart(2, "0")),
    fields: fc.record<Fields>({ a: value, b: value, c: value }),
  }),
  { selector: ({ key }) => key, minLength: 1, maxLength: 7 },
);

function mergeAll([first, ...rest]: readonly Said[]): Merged<Fields> {
  if (first === undefined) throw new Error("There is nothing to merge.");
  let state: Merged<Fields> = firstSighting(first.fields, first.key);
  for (const { fields, key } of rest) state = merge(state, fields, key);
  return { fields: state.fields, source: state.source, older: state.older };
}

/** What the rule says, without any state: of all values that are not null, the newest stands. */
function newestOf(said: readonly Said[], name: keyof Fields): string | null {
  const known = said.filter(({ fields }) => fields[name] !== null).sort((x, y) => (x.key < y.key ? -1 : 1));
  return known.at(-1)?.fields[name] ?? null;
}

/** The release before knows nothing of `c`, which is new in this one. */
type Release = "before" | "this";

function mergeByReleases(said: readonly (Said & { readonly by: Release })[]): Fields {
  const isNew = new Set(["c"]);
  let state: Merged<Fields> | undefined;
  for (const { fields, key, by } of said) {
    const before = { a: fields.a, b: fields.b };
    if (by === "this")
      state = state === undefined ? firstSighting(fields, key, isNew) : merge(state, fields, key, isNew);
    else if (state === undefined) state = firstSighting({ ...before, c: null }, key);
    else {
      const merged = merge<Omit<Fields, "c">>(state, before, key);
      // Its UPDATE names only the columns that it knows.
      state = { ...merged, fields: { ...merged.fields, c: state.fields.c } };
    }
  }
  if (state === undefined) throw new Error("There is nothing to merge.");
  return state.fields;
}

describe("merge", () => {
  it("keeps new fields right while instances of the release before merge too", () => {
    const byReleases = events.chain((said) =>
      fc.tuple(
        fc.shuffledSubarray(said, { minLength: said.length }),
        fc.array(fc.constantFrom<Release>("before", "this"), {
          minLength: said.length,
          maxLength: said.length,
        }),
        fc.shuffledSubarray(said, { minLength: said.length }),
      ),
    );
    fc.assert(
      fc.property(byReleases, ([arrived, releases, replayed]) => {
        const handled = arrived.map((event, index) => ({ ...event, by: releases[index] ?? "this" }));
        // What the release before took is replayed once it is gone, as docs/OPERATIONS.md says.
        const again = replayed.map((event) => ({ ...event, by: "this" as const }));
        expect(mergeByReleases([...handled, ...again])).toEqual({
          a: newestOf(arrived, "a"),
          b: newestOf(arrived, "b"),
          c: newestOf(arrived, "c"),
        });
      }),
    );
  });

  it("ends in the newest known value of each field, whatever the order and the repetitions", () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat()), (said, numbers) => {
        const repeated = [...said, ...said.filter(() => (numbers.next().value ?? 0) % 2 === 0)];
        const shuffled = repeated
          .map((event) => ({ event, at: numbers.next().value ?? 0 }))
          .sort((x, y) => x.at - y.at)
          .map(({ event }) => event);
        const merged = mergeAll(shuffled);
        expect(merged).toEqual(mergeAll(said));
        expect(merged.fields).toEqual({
          a: newestOf(said, "a"),
          b: newestOf(said, "b"),
          c: newestOf(said, "c"),
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it("says which fields read otherwise than before, and none where an event brought no news", () => {
    const before = firstSighting<Fields>({ a: "x", b: null, c: "z" }, "10");
    expect(merge(before, { a: "x", b: "y", c: null }, "20").changed).toEqual(["b"]);
    expect(merge(before, { a: "x", b: null, c: "z" }, "20").changed).toEqual([]);
    expect(merge(before, { a: "y", b: "y", c: "y" }, "05").changed).toEqual(["b"]);
  });
});

describe("order keys", () => {
  const at = "2025-08-19 06:40:57.416929";
  it("precedence before time, and time before receipt", () => {
    const keys = [
      { precedence: 10, at: "2030-01-01 00:00:00.000000", id: "9" },
      { precedence: 30, at, id: "1" },
      { precedence: 30, at, id: "2" },
      { precedence: 30, at: "2025-08-19 06:40:57.416930", id: "0" },
    ].map(sessionOrderKey);
    expect([...keys].sort()).toEqual(keys);
  });

  it("put a message's own updated_at first, and its absence before everything", () => {
    const keys = [
      messageOrderKey(null, "3|z"),
      messageOrderKey("2025-08-26 11:03:33.261283", "3|z"),
      messageOrderKey("2025-08-26 11:03:33.261284", "1|a"),
      messageOrderKey("2025-08-26 11:03:33.261284", "1|b"),
    ];
    expect([...keys].sort()).toEqual(keys);
  });
});
