import { isUtf8 } from "node:buffer";
import { Webhook } from "standardwebhooks";
import {
  decodeDigest,
  malformed,
  readHeader,
  timestampToMs,
  type SignatureClaim,
  type SignatureFault,
  type SignatureHeaders,
} from "./signature-claim.js";

/** The three headers of a Standard Webhooks request. */
export interface StandardWebhooksHeaders {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

/**
 * Signs a body as Standard Webhooks 1.0.0 says, as a gateway in front of the service would.
 *
 * @param rawBody valid UTF-8; no other body could be verified.
 * @param secret `whsec_` and Base64, or any other non-blank text, whose UTF-8 bytes are then the key.
 * @param message the id, of printable ASCII without a full stop, and the moment of signing in whole Unix
 * seconds.
 * @throws Error if the secret is empty.
 */
export function signStandardWebhooks(
  rawBody: Buffer,
  secret: string,
  message: { readonly id: string; readonly timestamp: number },
): StandardWebhooksHeaders {
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestamp),
    "webhook-signature": sign(message.id, message.timestamp, rawBody.toString("utf8"), secret),
  };
}

/**
 * Reads the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks 1.0.0,
 * symmetric `v1` signatures). Only a UTF-8 body can be checked: the `standardwebhooks` package signs text, in
 * which all invalid bytes would look alike, and one could be exchanged for another.
 */
export function readStandardWebhooksClaim(
  headers: SignatureHeaders,
  rawBody: Buffer,
): SignatureClaim | SignatureFault {
  const header = "webhook-signature";
  const text = readHeader(headers, header);
  if (typeof text !== "string") return text;
  const message = readMessage(headers);
  if ("reason" in message) return message;
  if (!isUtf8(rawBody)) return malformed(header, "signs text, so the body must be valid UTF-8");

  const signatures = text.split(/\s+/).flatMap((part) => {
    // Node joins repeated headers with ", ": the comma at the end is not the signature's.
    const signature = /^v1,([^,]+),?$/.exec(part)?.[1];
    return signature === undefined ? [] : (decodeDigest(signature) ?? []);
  });
  if (signatures.length === 0)
    return malformed(header, "must hold a signature `v1,<Base64 of an HMAC-SHA256>`");

  const body = rawBody.toString("utf8");
  return {
    scheme: "standard-webhooks",
    header,
    signedAtMs: message.signedAtMs,
    signatures,
    digestWith: (secret) => Buffer.from(sign(message.id, message.timestamp, body, secret).slice(3), "base64"),
  };
}

interface Message {
  readonly id: string;
  readonly timestamp: number;
  readonly signedAtMs: number;
}

function readMessage(headers: SignatureHeaders): Message | SignatureFault {
  const id = headers["webhook-id"];
  // The specification forbids the full stop: `a.1` + `2` and `a` + `1.2` would be signed alike.
  if (typeof id !== "string" || !/^[!-\-/-~]{1,256}$/.test(id)) {
    return malformed("webhook-id", "must be 1 to 256 printable ASCII characters without a full stop");
  }
  const timestamp = headers["webhook-timestamp"];
  const signedAtMs = typeof timestamp === "string" ? timestampToMs(timestamp) : undefined;
  if (signedAtMs === undefined) return malformed("webhook-timestamp", "must be whole Unix seconds");
  return { id, timestamp: Number(timestamp), signedAtMs };
}

/**
 * The package's own `verify` is not used: its tolerance is five minutes of the system clock, fixed. `sign`
 * puts whole seconds into the text it signs, so a timestamp of either unit times 1000 comes out as it was
 * sent (until 2243, when milliseconds times 1000 exceed a Date).
 */
function sign(id: string, timestamp: number, body: string, secret: string): string {
  return webhookWith(secret).sign(id, new Date(timestamp * 1000), body);
}

function webhookWith(secret: string): Webhook {
  if (secret.startsWith("whsec_")) {
    try {
      return new Webhook(secret);
    } catch {
      // Not Base64 after all: a plain secret that happens to begin so.
    }
  }
  // As bytes, because the package would cut each character of a raw string to eight bits.
  return new Webhook(Buffer.from(secret, "utf8"), { format: "raw" });
}
