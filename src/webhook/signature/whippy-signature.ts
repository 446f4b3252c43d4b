import { createHmac } from "node:crypto";
import {
  decodeDigest,
  malformed,
  readHeader,
  timestampToMs,
  type SignatureClaim,
  type SignatureFault,
  type SignatureHeaders,
} from "./signature-claim.js";

/** The header of Whippy's likely signature scheme, spelled for people; Node gives its name in lower case. */
export const WHIPPY_SIGNATURE_HEADER = "X-Whippy-Signature";

/**
 * Signs a body the way Whippy likely does: HMAC-SHA256 over `<timestamp>.<raw body>`, in standard Base64
 * without padding. That the endpoint's API key is the secret is documented; the rest is unconfirmed.
 *
 * @param timestamp Unix seconds (or milliseconds), a whole number, signed and sent exactly as given.
 * @returns the value of the `X-Whippy-Signature` header.
 */
export function signWhippy(rawBody: Uint8Array, secret: string, timestamp: number): string {
  const signature = digestOf(String(timestamp), rawBody, secret).toString("base64").replace(/=$/, "");
  return `t=${timestamp},v1=${signature}`;
}

/**
 * Reads `X-Whippy-Signature: t=<timestamp>,v1=<signature>`. The names are unconfirmed: the timestamp is the
 * part named `t`, or else the first part, and every other part may be a signature. That lets in no weaker
 * scheme, for all are compared with the same HMAC.
 */
export function readWhippyClaim(
  headers: SignatureHeaders,
  rawBody: Uint8Array,
): SignatureClaim | SignatureFault {
  const header = WHIPPY_SIGNATURE_HEADER;
  const text = readHeader(headers, header);
  if (typeof text !== "string") return text;

  const parts = text.split(",").map(readPart);
  const timestamp = parts.find(({ name }) => name === "t") ?? parts[0];
  const signedAtMs = timestampToMs(timestamp?.value ?? "");
  if (timestamp === undefined || signedAtMs === undefined) {
    return malformed(header, "its timestamp must be whole Unix seconds or milliseconds");
  }
  const signatures = parts.flatMap(({ value }) => decodeDigest(value) ?? []);
  if (signatures.length === 0) {
    return malformed(header, "must hold an HMAC-SHA256 signature in Base64 or hex after its timestamp");
  }
  return {
    scheme: "whippy",
    header,
    signedAtMs,
    signatures,
    digestWith: (secret) => digestOf(timestamp.value, rawBody, secret),
  };
}

/** The timestamp is signed as text: reformatting it could change what the sender signed. */
function digestOf(timestamp: string, rawBody: Uint8Array, secret: string): Buffer {
  return createHmac("sha256", secret).update(`${timestamp}.`).update(rawBody).digest();
}

/** Splits `name=value`; a `=` with nothing but padding after it is the end of a bare Base64 value instead. */
function readPart(part: string): { readonly name?: string; readonly value: string } {
  const text = part.trim();
  const separator = text.indexOf("=");
  if (separator === -1 || /^=+$/.test(text.slice(separator))) return { value: text };
  return { name: text.slice(0, separator).trim().toLowerCase(), value: text.slice(separator + 1).trim() };
}
