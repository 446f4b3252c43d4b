import { domainToASCII } from "node:url";
import type { Range } from "./phone-number.js";

/** RFC 5321's longest, with some characters that nobody sees. */
const longestLocal = 128;
const longestDomain = 320;

/** What stands before an address that is no part of it. */
const endsLocal = /[\s<>"(),;:[\]\\]/;
const inDomain = /[\p{L}\p{N}\p{M}\p{Cf}.。．｡\-＿_]/u;
const signs = /[@＠﹫]/g;
/** They may be part of an address, and more often set it off. */
const marks = "'’=/|*`~!#$%&?{}^";

/**
 * An address as a text holds it: the whole word before the sign, and what is left of it without quotes and
 * marks.
 */
interface FoundAddress extends Range {
  readonly address: string;
}

/** One spelling for all the ways to write the same address; undefined where a text is no address. */
function readEmailAddress(text: string): string | undefined {
  const clean = text
    .normalize("NFKC")
    .replace(/[\p{Cf}\s]/gu, "")
    .toLowerCase();
  const sign = clean.lastIndexOf("@");
  const domain = trimDots(clean.slice(sign + 1));
  if (sign < 1 || domain === "" || clean.length > 320) return undefined;
  return `${clean.slice(0, sign)}@${domainToASCII(domain) || domain}`;
}

/**
 * All addresses of a text, from each sign outwards: in lists, behind names, between brackets, after
 * `mailto:`. A word that begins with marks (`*ann@example.org*`, `to=ann@example.org`) gives one with and one
 * without them.
 */
export function* findEmailAddresses(text: string): Generator<FoundAddress, void, void> {
  for (const { index: sign } of text.matchAll(signs)) {
    const end = domainEnd(text, sign + 1);
    for (const start of localStarts(text, sign)) {
      const address = readEmailAddress(unquoted(text.slice(start, end), sign - start));
      if (address !== undefined) yield { start, end, address };
    }
  }
}

function domainEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && end - from < longestDomain) {
    const character = String.fromCodePoint(text.codePointAt(end) ?? 0);
    if (!inDomain.test(character)) break;
    end += character.length;
  }
  while (end > from && /[.。．｡\-_]/.test(text.charAt(end - 1))) end -= 1;
  return end;
}

/**
 * Where the local part may begin: of its whole word first, then behind each mark with which values are set
 * off.
 */
function localStarts(text: string, sign: number): number[] {
  const least = Math.max(0, sign - longestLocal);
  if (text.charAt(sign - 1) === '"') {
    const quote = text.lastIndexOf('"', sign - 2);
    return quote >= least ? [quote] : [];
  }
  let start = sign;
  while (start > least && !endsLocal.test(text.charAt(start - 1)) && !/[@＠﹫]/.test(text.charAt(start - 1)))
    start -= 1;
  const word = text.slice(start, sign);
  const unmarked = word.search(/[\p{L}\p{N}]/u);
  let value = word.length;
  while (value > 0 && !marks.includes(word.charAt(value - 1))) value -= 1;
  const starts = [0, unmarked, value].filter((offset) => offset >= 0);
  return [...new Set(starts)].map((offset) => start + offset);
}

function unquoted(text: string, sign: number): string {
  const local = text.slice(0, sign);
  return local.startsWith('"') && local.endsWith('"') ? local.slice(1, -1) + text.slice(sign) : text;
}

function trimDots(text: string): string {
  let end = text.length;
  while (end > 0 && ".-_".includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
