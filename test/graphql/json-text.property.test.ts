import fc from "fast-check";
import { expect, it } from "vitest";
import { quote } from "../../src/graphql/plan/json-text.js";

/** Whatever JavaScript's strings hold, halves of characters and control characters too. */
const units = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0xd7f0, max: 0xe010 }),
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0x22, 0x5c, 0x2028, 0x2029, 0x7f),
  ),
  { maxLength: 80 },
);
const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  units.map((codes) => String.fromCharCode(...codes)),
);

it("quotes every text as JSON.stringify does", () => {
  const repeated = fc.tuple(texts, fc.constantFrom("", "a", "é", "😀"), fc.constantFrom(0, 70, 4_990, 5_010));
  fc.assert(
    fc.property(repeated, ([text, filling, times]) => {
      const long = filling.repeat(times) + text;
      expect(quote(long)).toBe(JSON.stringify(long));
    }),
    { numRuns: 3_000 },
  );
});
