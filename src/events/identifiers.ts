/** What a person is known by: a phone number, an e-mail address, or the UUID of the contact or of a conversation with it. */
export type Identifier = string;

/** What takes the place of a phone number or e-mail address in the texts of others. */
const erasedMark = "[erased]";

/** Digits that tell phone numbers apart; a country code before them may be missing where people write numbers. */
const tellingDigits = 10;
const separators = "[\\s().\\-\\u2010-\\u2015/]{0,3}";

/** One spelling for all the ways to write the same thing: digits of a phone number (its last ten), lower case for the others. */
export function identifierOf(text: string): Identifier | undefined {
  const trimmed = text.trim().toLowerCase();
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(trimmed)) return trimmed;
  if (/^[^\s@]+@[^\s@]+$/.test(trimmed) && trimmed.length <= 320) return trimmed;
  if (!/^\+?[\d\s().\-\u2010-\u2015/]{7,30}$/.test(trimmed)) return undefined;
  const digits = trimmed.replace(/\D/g, "");
  return digits.length >= 7 && digits.length <= 15 ? digits.slice(-tellingDigits) : undefined;
}

/** Every text or number in a JSON value that may identify a person. */
export function identifiersIn(value: unknown): Set<Identifier> {
  const found = new Set<Identifier>();
  mapScalars(value, (scalar) => {
    for (const candidate of candidatesIn(String(scalar))) found.add(candidate);
    return scalar;
  });
  return found;
}

/** An e-mail address begins where a word does: tried at each character of a long word, it would take the square of its length. */
const addresses =
  /(?<![^\s@<>"',;()])[^\s@<>"',;()]+@[^\s@<>"',;()]+|\+?\(?\d[\d().\-\u2010-\u2015/ ]{5,20}\d/g;

function candidatesIn(text: string): Identifier[] {
  const whole = text.length <= 320 ? identifierOf(text) : undefined;
  const parts = (text.match(addresses) ?? []).flatMap((part) => [part, ...part.split(" ")]);
  return [whole, ...parts.map((part) => identifierOf(part.replace(/(?<!\.)\.+$/, "")))].filter(
    (identifier) => identifier !== undefined,
  );
}

/** Finds and removes some identifiers in texts, however they are written there. */
export class Scrubber {
  private readonly pattern: RegExp | undefined;

  constructor(private readonly identifiers: ReadonlySet<Identifier>) {
    const sources = Array.from(identifiers, patternOf);
    this.pattern = sources.length === 0 ? undefined : new RegExp(sources.join("|"), "giu");
  }

  /** A JSON value without them; texts keep what stands around, a number that is one becomes null. */
  scrub(value: unknown): unknown {
    return mapScalars(value, (scalar) => {
      if (typeof scalar === "string") return this.scrubText(scalar);
      const identifier = identifierOf(String(scalar));
      return identifier !== undefined && this.identifiers.has(identifier) ? null : scalar;
    });
  }

  scrubText(text: string): string {
    return this.pattern === undefined ? text : text.replace(this.pattern, erasedMark);
  }

  /** Whether a value names one of them. */
  finds(value: unknown): boolean {
    return JSON.stringify(this.scrub(value)) !== JSON.stringify(value);
  }
}

function patternOf(identifier: Identifier): string {
  if (!/^\d+$/.test(identifier)) return identifier.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return `(?<!\\d)(?:\\+?\\d{1,5}${separators})?\\(?${Array.from(identifier).join(separators)}(?!\\d)`;
}

/** Applies a change to every text and number of a JSON value, at any depth; keys stay. */
export function mapScalars(value: unknown, change: (scalar: string | number) => unknown): unknown {
  if (typeof value === "string" || typeof value === "number") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapScalars(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapScalars(item, change)]));
}
