/** Which of the two understood schemes a request is signed by. */
export type SignatureScheme = "whippy" | "standard-webhooks";

/**
 * Request headers as Node gives them: lower-case names, repeated headers joined by a comma or as an array.
 */
export type SignatureHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a request's headers assert, well formed but not yet believed. */
export interface SignatureClaim {
  readonly scheme: SignatureScheme;
  /** The header that holds the signature, spelled for people. */
  readonly header: string;
  /** When the sender says it signed, in milliseconds since the Unix epoch. */
  readonly signedAtMs: number;
  /** Every signature in the header that can be a SHA-256 digest; a sender that rotates keys sends several. */
  readonly signatures: readonly Buffer[];
  /** The digest that a sender holding `secret` would have sent. Does not throw for a non-blank secret. */
  readonly digestWith: (secret: string) => Buffer;
}

/** Why the headers make no claim that could be checked. The detail never quotes what was sent. */
export interface SignatureFault {
  readonly reason: "missing" | "malformed";
  readonly detail: string;
}

/** Room for some forty signatures; what is longer is no signature and not worth reading. */
const MAX_HEADER_CHARS = 4096;

/**
 * From here on a number of seconds would lie beyond the year 5138, and one of milliseconds after early 1973.
 */
const LEAST_MILLISECONDS = 1e11;

/**
 * Reads one header as text, repetitions joined as Node joins them.
 *
 * @returns the text, or the fault that it is absent, or longer than 4096 characters.
 */
export function readHeader(headers: SignatureHeaders, header: string): string | SignatureFault {
  const value = headers[header.toLowerCase()];
  if (value === undefined) return { reason: "missing", detail: `${header}: must be present` };
  const text = typeof value === "string" ? value : value.join(", ");
  return text.length > MAX_HEADER_CHARS
    ? malformed(header, `must be at most ${MAX_HEADER_CHARS} characters long`)
    : text;
}

/** A fault that names the header and the rule it breaks. */
export function malformed(header: string, rule: string): SignatureFault {
  return { reason: "malformed", detail: `${header}: ${rule}` };
}

/**
 * The instant a Unix timestamp means, in milliseconds. Its unit, seconds or milliseconds, is told by its
 * magnitude, for Whippy documents none.
 *
 * @returns undefined unless the text is 1 to 13 digits without a leading zero.
 */
export function timestampToMs(text: string): number | undefined {
  if (!/^[1-9]\d{0,12}$/.test(text)) return undefined;
  const value = Number(text);
  return value < LEAST_MILLISECONDS ? value * 1000 : value;
}

/**
 * The 32 bytes of a SHA-256 digest written as hex (either case), standard Base64 or Base64url, padded or not.
 *
 * @returns undefined for any other text, also for Base64 whose unused last bits are set: one digest, one
 * spelling.
 */
export function decodeDigest(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  const base64url = /^([A-Za-z0-9+/_-]{43})=?$/.exec(text)?.[1]?.replaceAll("+", "-").replaceAll("/", "_");
  if (base64url === undefined) return undefined;
  const digest = Buffer.from(base64url, "base64url");
  return digest.toString("base64url") === base64url ? digest : undefined;
}
