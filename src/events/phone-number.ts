import {
  type CountryCallingCode,
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberFromString as parse,
} from "libphonenumber-js/min";
import { asciiDigit, type DigitRun, digitRuns } from "./digits.js";

/** How a number may end where it is written: without the country's code, and in the country's own way. */
export interface PhoneNumber {
  /** E.164 (`+442079460958`), or the digits alone where no country is known. */
  readonly number: string;
  readonly callingCode: CountryCallingCode | undefined;
  /** The last digits that all its spellings share; some countries have two ways to write them. */
  readonly tails: readonly string[];
}

/** Where a number stands in a text, in UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Shorter ones would be found among the digits of other things. */
const shortestTail = 7;
const longestTail = 15;
/** A prefix for calls abroad with a country's code, or a prefix for calls within the country. */
const longestPrefix = 6;

export const callingCodes: readonly CountryCallingCode[] = [
  ...new Set(getCountries().map((country) => getCountryCallingCode(country))),
];

/**
 * Reads a text that is a phone number.
 * @param callingCode of the country in which it may be written without one
 * @returns undefined where it is none
 */
export function readPhoneNumber(text: string, callingCode?: CountryCallingCode): PhoneNumber | undefined {
  const written = Array.from(text.slice(0, 200), (character) => asciiDigit(character) ?? character)
    .join("")
    .replace(/[\p{Cf}\p{M}]/gu, "")
    .normalize("NFKC");
  const abroad = written.replace(/^\D*00(?=[1-9])/, "+");
  if (abroad.includes("+")) return toPhoneNumber(parse(abroad)?.number);
  const inCountry =
    callingCode === undefined ? undefined : parse(written, { defaultCallingCode: callingCode });
  if (inCountry?.isValid() === true) return toPhoneNumber(inCountry.number);
  const [run] = digitRuns(written);
  if (run === undefined || run.digits.length > longestTail) return undefined;
  const international = parse(`+${run.digits}`);
  return toPhoneNumber(international?.isValid() === true ? international.number : run.digits);
}

/** The number of an E.164 text, or of digits of no known country. */
export function toPhoneNumber(number: string | undefined): PhoneNumber | undefined {
  if (number === undefined) return undefined;
  if (!number.startsWith("+")) return { number, callingCode: undefined, tails: [number] };
  const parsed = parse(number);
  if (parsed === undefined) return undefined;
  const { countryCallingCode: callingCode, nationalNumber: national } = parsed;
  const tails = [national.length < shortestTail ? callingCode + national : national];
  const local = parsed.formatNational().replace(/\D/g, "");
  if (!local.endsWith(national)) tails.push(local.replace(/^0/, ""));
  return { number, callingCode, tails: tails.filter((tail) => tail.length >= shortestTail) };
}

/** The number that some last digits mean in a country. */
export function ofTail(tail: string, callingCode: CountryCallingCode): PhoneNumber | undefined {
  const written = [parse(`+${callingCode}${tail}`), parse(`+${tail}`)];
  return [...written, parse(tail, { defaultCallingCode: callingCode })]
    .map((parsed) => toPhoneNumber(parsed?.number))
    .find((phone) => phone?.callingCode === callingCode && phone.tails.includes(tail));
}

/** All digits of a text that may be the last ones of a number's spelling, of some lengths. */
export function* possibleTails(text: string, lengths: ReadonlySet<number>): Generator<string, void, void> {
  for (const { digits, groups } of digitRuns(text)) {
    for (const [index, group] of groups.entries()) {
      for (let offset = 0; offset <= Math.min(longestPrefix, group.length - 1); offset += 1) {
        const start = group.at + offset;
        for (let last = index; last < groups.length; last += 1) {
          const end = (groups[last]?.at ?? 0) + (groups[last]?.length ?? 0);
          if (end - start > longestTail) break;
          if (lengths.has(end - start)) yield digits.slice(start, end);
        }
      }
    }
  }
}

/** Where a text writes one of some numbers, in any notation that means it. */
export function* findPhoneNumbers(
  text: string,
  phones: readonly PhoneNumber[],
): Generator<Range, void, void> {
  if (phones.length === 0) return;
  for (const run of digitRuns(text)) {
    for (const phone of phones) {
      for (const tail of phone.tails) {
        for (let at = run.digits.indexOf(tail); at !== -1; at = run.digits.indexOf(tail, at + 1)) {
          const range = rangeOf(text, run, phone, tail, at);
          if (range !== undefined) yield range;
        }
      }
    }
  }
}

/**
 * The whole of a number whose last digits are at a place of a run; undefined where that is a part of another
 * number.
 */
function rangeOf(
  text: string,
  { digits, groups }: DigitRun,
  phone: PhoneNumber,
  tail: string,
  at: number,
): Range | undefined {
  const last = groups.find((group) => group.at + group.length === at + tail.length);
  const first = groups.findLastIndex((group) => group.at <= at);
  if (last === undefined || first === -1) return undefined;
  let from: number | undefined;
  for (let index = first; index >= 0; index -= 1) {
    const group = groups[index];
    if (group === undefined || at - group.at > longestPrefix) break;
    const prefix = digits.slice(group.at, at);
    const hasPlus = /[+＋﹢⁺]\p{Cf}*$/u.test(text.slice(Math.max(0, group.start - 3), group.start));
    if (isPrefixOf(phone, prefix, tail, hasPlus)) from = group.start;
    else if (hasPlus && isOtherNumber(phone, prefix + tail)) return undefined;
  }
  if (from === undefined) return undefined;
  while (from > 0 && "+(＋（﹢".includes(text.charAt(from - 1))) from -= 1;
  return { start: from, end: last.end };
}

function isPrefixOf(
  { number, callingCode: code }: PhoneNumber,
  prefix: string,
  tail: string,
  hasPlus: boolean,
) {
  if (code === undefined) return true;
  if (`+${tail}` === number) return prefix === "" || /^0\d{1,3}$/.test(prefix);
  if (prefix === "") return !hasPlus;
  if (hasPlus)
    return prefix === code || (prefix.startsWith(code) && parse(`+${prefix}${tail}`)?.number === number);
  if (new RegExp(`^(?:0\\d{1,3}|810|119)?${code}(?:0|1|8|06)?$`).test(prefix)) return true;
  return parse(prefix + tail, { defaultCallingCode: code })?.number === number;
}

function isOtherNumber({ number }: PhoneNumber, digits: string): boolean {
  const parsed = parse(`+${digits}`);
  return parsed?.isPossible() === true && parsed.number !== number;
}
