/** Digits that belong together: a telephone number may stand in them. */
export interface DigitRun {
  /** All of its digits, as ASCII. */
  readonly digits: string;
  /** Digits without anything between them, in order. */
  readonly groups: readonly DigitGroup[];
}

interface DigitGroup {
  /** Where it stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Where it begins in the digits of its run. */
  readonly at: number;
  readonly length: number;
}

/** More than E.164's fifteen digits with the longest prefix for calls abroad. */
const longestGroup = 22;
/** Longer runs are cut, with so many groups in both parts that each telephone number is whole in one. */
const mostGroups = 256;
const sharedGroups = 24;
const mostBetween = 6;
const fewestDigits = 7;

const digitsOnly = /\p{N}+/gu;
const separators = /^[^\p{L}\p{N}]*$/u;
const decimalDigit = /^\p{Nd}$/u;

/**
 * The runs of at least seven digits, of any script, with a few characters between them that are no letters.
 */
export function* digitRuns(text: string): Generator<DigitRun, void, void> {
  let run: { digits: string; groups: DigitGroup[] } = { digits: "", groups: [] };
  for (const match of text.matchAll(digitsOnly)) {
    const digits = match[0].length > longestGroup * 2 ? undefined : asciiDigits(match[0]);
    const end = run.groups.at(-1)?.end;
    const gap = end === undefined ? "" : text.slice(end, Math.min(match.index, end + mostBetween + 1));
    const continues = digits !== undefined && gap.length <= mostBetween && separators.test(gap);
    if (!continues || run.groups.length === mostGroups) {
      if (run.digits.length >= fewestDigits) yield run;
      run = continues ? tailOf(run) : { digits: "", groups: [] };
    }
    if (digits === undefined || digits.length > longestGroup) continue;
    run.groups.push({
      start: match.index,
      end: match.index + match[0].length,
      at: run.digits.length,
      length: digits.length,
    });
    run.digits += digits;
  }
  if (run.digits.length >= fewestDigits) yield run;
}

function tailOf({ digits, groups }: DigitRun): { digits: string; groups: DigitGroup[] } {
  const kept = groups.slice(-sharedGroups);
  const from = kept[0]?.at ?? 0;
  return { digits: digits.slice(from), groups: kept.map((group) => ({ ...group, at: group.at - from })) };
}

/**
 * The same digits as ASCII; undefined where one of them is no digit of a decimal system (a Roman numeral, a
 * fraction).
 */
function asciiDigits(text: string): string | undefined {
  if (/^[0-9]+$/.test(text)) return text;
  let digits = "";
  for (const character of text) {
    const digit = asciiDigit(character);
    if (digit === undefined) return undefined;
    digits += digit;
  }
  return digits;
}

/** Unicode's decimal digits stand in sets of ten, from zero to nine. */
export function asciiDigit(character: string): string | undefined {
  const compatible = character.normalize("NFKC");
  if (/^[0-9]$/.test(compatible)) return compatible;
  if (!decimalDigit.test(character)) return undefined;
  const code = character.codePointAt(0) ?? 0;
  let zero = code;
  while (decimalDigit.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((code - zero) % 10);
}

/** Whether a text holds letters or digits at all. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
