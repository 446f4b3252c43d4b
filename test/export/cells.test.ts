import { describe, expect, it } from "vitest";
import { safeCell } from "../../src/export/session-columns.js";

describe("a cell of CSV", () => {
  // https://owasp.org/www-community/attacks/CSV_Injection, and what hides their characters from a look at the
  // first one.
  const beginnings = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "\0"];
  const hidings = [
    "",
    " ",
    "\0",
    "\u200b",
    "\ufeff",
    "\u00a0",
    "\u2060",
    "\u202e",
    "\u00ad",
    "\u3000 \u200d",
    "\u0001",
    "\n",
  ];
  it.each(hidings.map((hiding) => [JSON.stringify(hiding), hiding]))(
    "is a text where it begins like a formula after %s",
    (_name, hiding) => {
      for (const beginning of beginnings)
        expect(safeCell(`${hiding}${beginning}A1`)).toBe(`'${hiding}${beginning}A1`);
    },
  );

  it.each(["-1", "-0.5", "-1e-7", "-1E+30", "12", "", "a=1", " a", "1-2", "\u200bword", "“quoted”"])(
    "stays what it is: %j",
    (text) => {
      expect(safeCell(text)).toBe(text);
    },
  );

  it.each(["-1\n", "-1+2", "+1", "-", "\u200b-1"])("is no number: %j", (text) => {
    expect(safeCell(text)).toBe(`'${text}`);
  });
});
