import fc from "fast-check";
import { type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/min";
import { describe, expect, it } from "vitest";
import {
  identifierOf,
  listedAs,
  possibleKeys,
  Scrubber,
  tailLengthsOf,
} from "../../src/events/identifiers.js";

const countries: readonly CountryCode[] = ["US", "GB", "DE", "FR", "IN", "BR", "AU", "RU", "IT", "JP"];

/** A valid number of a country, found by trying digits. */
const phone = fc
  .tuple(fc.constantFrom(...countries), fc.stringMatching(/^[1-9]\d{12}$/))
  .map(([country, digits]) =>
    [10, 9, 11, 8]
      .flatMap((length) =>
        ["", "0", "2", "1", "6"].map((first) => first + digits.slice(first.length, length)),
      )
      .map((national) => parsePhoneNumberFromString(national, country))
      .find((parsed) => parsed?.isValid() === true && parsed.country === country),
  )
  .filter((parsed) => parsed !== undefined);

const separator = fc.constantFrom("", " ", "-", ".", " · ", "_", ", ", "*", "\u200b", "\u00ad", " – ", "/");
const scripts = [0x30, 0xff10, 0x660, 0x966];

function inScript(text: string, zero: number): string {
  return text.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
}

/** One of the ways in which people write a number. */
const spelling = fc
  .tuple(
    phone,
    fc.constantFrom("international", "national", "e164", "00", "digits"),
    separator,
    fc.constantFrom(...scripts),
  )
  .map(([parsed, style, between, zero]) => {
    const plain = {
      international: parsed.formatInternational(),
      national: parsed.formatNational(),
      e164: parsed.number,
      "00": `00${parsed.number.slice(1)}`,
      digits: parsed.number.slice(1),
    }[style];
    const separated = plain.replace(/(?<=\d)[ -](?=\d)/g, () => between);
    return { number: parsed.number, text: inScript(separated, zero) };
  });

const words = fc.constantFrom("", "call ", "Ruf an: ", "(", "tel:", "whatsapp:", "आप ", "你好", "id x ");
const after = fc.constantFrom("", " now", ")", ".", " x5", " or later", "。");

describe("a person's phone number in the text of others", () => {
  it("is found in every spelling, by its number and in the list of the erased", () => {
    fc.assert(
      fc.property(spelling, words, after, ({ number, text }, before, behind) => {
        const written = before + text + behind;
        const identifier = identifierOf(number) ?? "";
        expect(identifier).toBe(number);
        const scrubbed = new Scrubber(new Set([identifier])).scrubText(written);
        expect(scrubbed, written).toContain("[erased]");
        expect(scrubbed, written).not.toMatch(/\p{Nd}{3}/u);
        const listed = new Set(listedAs(identifier));
        const keys = [...possibleKeys({ body: written }, tailLengthsOf(listed))];
        expect(
          keys.some((key) => listed.has(key)),
          written,
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("is not taken for another number", () => {
    fc.assert(
      fc.property(phone, spelling, words, after, (erased, other, before, behind) => {
        const national = erased.nationalNumber;
        fc.pre(!other.number.includes(national) && !erased.number.endsWith(other.number.slice(-7)));
        const written = before + other.text + behind;
        expect(new Scrubber(new Set([erased.number])).scrubText(written)).toBe(written);
      }),
      { numRuns: 500 },
    );
  });

  it("is not taken for the number of another country with the same last digits", () => {
    const scrubber = new Scrubber(new Set(["+442079460958"]));
    expect(scrubber.scrubText("+1 207 946 0958")).toBe("+1 207 946 0958");
    expect(scrubber.scrubText("020 7946 0958, 99442079460958")).toBe("[erased], 99442079460958");
  });
});

describe("a person's e-mail address", () => {
  const scrubber = new Scrubber(new Set(["ann@example.org"]));
  it.each([
    ["Ann <ANN@Example.org>", "Ann <[erased]>"],
    ["bob@example.org, ann@example.org", "bob@example.org, [erased]"],
    ["an\u200bn@exam\u00adple.org!", "[erased]!"],
    ["mailto:ann@example.org?subject=x", "mailto:[erased]?subject=x"],
    ["'ann@example.org', *ann@example.org*.", "'[erased]', *[erased]*."],
    ["ａｎｎ＠example.org", "[erased]"],
    ["joann@example.org, ann@example.organic", "joann@example.org, ann@example.organic"],
  ])("is taken out of %j", (text, rest) => {
    expect(scrubber.scrubText(text)).toBe(rest);
  });
});
