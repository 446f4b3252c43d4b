import { isUuid, uuidPattern } from "../model/uuid.js";
import { hasWords } from "./digits.js";
import { findEmailAddresses } from "./email-address.js";
import { mapScalars, scalarsOf } from "./json-scalars.js";
import {
  callingCodes,
  findPhoneNumbers,
  ofTail,
  type PhoneNumber,
  possibleTails,
  type Range,
  readPhoneNumber,
  toPhoneNumber,
} from "./phone-number.js";

/**
 * What a person is known by, in one spelling: a phone number (E.164, or its digits where no country is
 * known), an e-mail address, or the UUID of the contact or of a conversation with it.
 */
export type Identifier = string;

/** What takes the place of a phone number or e-mail address in the texts of others. */
const erasedMark = "[erased]";

const uuid = new RegExp(uuidPattern, "gi");

/** No field of an address is longer. */
const longestAddress = 1_000;

/**
 * @returns undefined where a text is neither a phone number with its country's code, nor an e-mail address,
 * nor a UUID
 */
export function identifierOf(text: string): Identifier | undefined {
  const trimmed = text.trim();
  if (isUuid(trimmed)) return trimmed.toLowerCase();
  if (trimmed.length > longestAddress) return undefined;
  const phone = readPhoneNumber(trimmed)?.number;
  if (phone?.startsWith("+") === true && /[+＋]|^\D*00/.test(trimmed)) return phone;
  const [address] = findEmailAddresses(trimmed);
  return address?.address;
}

/**
 * Who an address field names: e-mail addresses, or else phone numbers, one or a list of them.
 * @param beside another number of the same message, whose country is that of numbers without one
 */
export function identifiersOfAddress(text: string, beside: string | null): Identifier[] {
  if (isUuid(text.trim())) return [text.trim().toLowerCase()];
  const parts = text.slice(0, longestAddress).split(/[,;\n]/);
  const country = beside === null ? undefined : readPhoneNumber(beside)?.callingCode;
  return parts.flatMap((part) => {
    const isCall = /^[^@]*(?:sips?|tel|whatsapp|sms):|^\s*[+＋]/i.test(part);
    const [email] = isCall ? [] : findEmailAddresses(part);
    const found = email?.address ?? readPhoneNumber(part, country)?.number;
    return found === undefined ? [] : [found];
  });
}

/** Under what an identifier is listed: of a phone number also what all its spellings have in common. */
export function listedAs(identifier: Identifier): string[] {
  const phone = phoneOf(identifier);
  if (phone === undefined) return [identifier];
  return [
    identifier,
    ...phone.tails.flatMap((tail) => [
      tail,
      lengthKey(tail.length),
      ...(phone.callingCode === undefined ? [] : [tailKey(tail, phone.callingCode)]),
    ]),
  ];
}

const lengthKey = (length: number) => `phone numbers of ${length} digits`;
const tailKey = (tail: string, callingCode: string) => `${callingCode}:${tail}`;
const tailLengths = Array.from({ length: 9 }, (_, index) => index + 7);

/** The keys among which {@link tailLengthsOf} looks. */
export const lengthKeys: readonly string[] = tailLengths.map(lengthKey);

/** How many digits the listed phone numbers may have, so that others need not be looked for. */
export function tailLengthsOf(listed: ReadonlySet<string>): ReadonlySet<number> {
  return new Set(tailLengths.filter((length) => listed.has(lengthKey(length))));
}

/** Every key under which somebody may be listed whom a JSON value names. */
export function* possibleKeys(value: unknown, lengths: ReadonlySet<number>): Generator<string, void, void> {
  for (const [scalar] of scalarsOf(value)) {
    const text = String(scalar);
    for (const [id] of text.matchAll(uuid)) yield id.toLowerCase();
    if (text.length === 36 && isUuid(text)) continue;
    if (text.length >= 7 && lengths.size > 0 && isWholeOrText(scalar)) yield* possibleTails(text, lengths);
    for (const { address } of findEmailAddresses(text)) yield address;
  }
}

/** A fraction is no phone number, though its digits may look like one. */
function isWholeOrText(scalar: string | number): boolean {
  return typeof scalar === "string" || Number.isSafeInteger(scalar);
}

/** Under what else somebody is listed who is listed under a key: which country's number it is tells who. */
export function narrowerKeys(key: string): Map<string, Identifier> {
  if (!/^\d+$/.test(key)) return new Map();
  return new Map(callingCodes.map((code) => [tailKey(key, code), code]));
}

/** The identifier of a listed key. @param codes the countries under which digits are listed */
export function identifiersOfKey(key: string, codes: Iterable<string>): Identifier[] {
  const numbers = Array.from(codes, (code) => ofTail(key, code)?.number).filter(
    (number) => number !== undefined,
  );
  return numbers.length > 0 ? numbers : [key];
}

function phoneOf(identifier: Identifier): PhoneNumber | undefined {
  return /^\+?\d+$/.test(identifier) ? toPhoneNumber(identifier) : undefined;
}

/** Finds and removes some identifiers in texts, however they are written there. */
export class Scrubber {
  private readonly phones: readonly PhoneNumber[];

  constructor(private readonly identifiers: ReadonlySet<Identifier>) {
    this.phones = Array.from(identifiers, phoneOf).filter((phone) => phone !== undefined);
  }

  /**
   * A JSON value without them, in keys too; texts keep what stands around, a number that is one becomes null.
   */
  scrub(value: unknown): unknown {
    return mapScalars(
      value,
      (scalar) => {
        if (typeof scalar === "string") return this.scrubText(scalar);
        return this.names(scalar) ? null : scalar;
      },
      (key) => this.scrubText(key),
    );
  }

  scrubText(text: string): string {
    let kept = "";
    let end = 0;
    for (const range of this.rangesIn(text)) {
      if (range.end <= end) continue;
      if (range.start >= end) kept += text.slice(end, range.start) + erasedMark;
      end = range.end;
    }
    return end === 0 ? text : kept + text.slice(end);
  }

  /** Whether a JSON value names one of them. */
  finds(value: unknown): boolean {
    for (const [scalar] of scalarsOf(value)) if (this.names(scalar)) return true;
    return false;
  }

  /** Whether a text names one of them. */
  names(scalar: string | number): boolean {
    return isWholeOrText(scalar) && this.rangesIn(String(scalar)).length > 0;
  }

  /** Whether a text is the address of one of them, and nothing else. */
  isAddress(text: string): boolean {
    if (text.length > longestAddress) return false;
    const ranges = this.rangesIn(text);
    if (ranges.length === 0) return false;
    const rest = ranges.reduceRight((left, { start, end }) => left.slice(0, start) + left.slice(end), text);
    return !hasWords(
      rest.replace(/^\s*[a-z]{2,12}:/i, "").replace(/(?:ext|x|#)[.=:\s]{0,3}\d{1,7}\s{0,3}$/i, ""),
    );
  }

  private rangesIn(text: string): Range[] {
    const ranges: Range[] = [...findPhoneNumbers(text, this.phones)];
    for (const found of findEmailAddresses(text)) if (this.identifiers.has(found.address)) ranges.push(found);
    for (const { 0: id, index } of text.matchAll(uuid)) {
      if (this.identifiers.has(id.toLowerCase())) ranges.push({ start: index, end: index + id.length });
    }
    return ranges.sort((a, b) => a.start - b.start || b.end - a.end);
  }
}
