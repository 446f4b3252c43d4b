import { timingSafeEqual } from "node:crypto";
import type {
  SignatureClaim,
  SignatureFault,
  SignatureHeaders,
  SignatureScheme,
} from "./signature/signature-claim.js";
import { readStandardWebhooksClaim } from "./signature/standard-webhooks-signature.js";
import { readWhippyClaim, WHIPPY_SIGNATURE_HEADER } from "./signature/whippy-signature.js";

/** The keys that are believed, and for how long a signature holds. */
export interface SignaturePolicy {
  /**
   * Whippy API keys, as shown, and gateways' `whsec_` secrets, all valid at once so that keys can be rotated.
   * A blank one is skipped, for anybody could sign with it.
   */
  readonly secrets: readonly string[];
  /** How far the signed timestamp may lie from the clock, before or after, in seconds, inclusive. */
  readonly toleranceSeconds: number;
}

/**
 * Why a request is not authentic. `stale` is said only of a request whose signature is right; `no-secret`
 * means that the policy holds no usable secret.
 */
export type SignatureRefusal = "missing" | "malformed" | "mismatch" | "stale" | "no-secret";

/** Whether a request comes from a holder of a secret, and lately. */
export type SignatureVerdict =
  | {
      readonly authentic: true;
      readonly scheme: SignatureScheme;
      /** The position in `policy.secrets` of the first secret that signed it. */
      readonly keyIndex: number;
    }
  | {
      readonly authentic: false;
      readonly reason: SignatureRefusal;
      /** Names the header and the rule, fit for logs and answers: holds no signature, body or secret. */
      readonly detail: string;
    };

type Refused = Extract<SignatureVerdict, { authentic: false }>;

/** From the reason that says least of what the sender must mend to the one that says most. */
const TELLING: readonly SignatureRefusal[] = ["no-secret", "missing", "malformed", "mismatch", "stale"];

/** Said of a request that carries no signature of either scheme. */
export const missingSignature = `${WHIPPY_SIGNATURE_HEADER} or webhook-signature: must be present`;

/** Whether a request carries a signature, right or wrong: without one, no body makes it authentic. */
export function isSigned(headers: SignatureHeaders): boolean {
  return [WHIPPY_SIGNATURE_HEADER, "webhook-signature"].some(
    (header) => headers[header.toLowerCase()] !== undefined,
  );
}

/**
 * Decides whether a request is authentic, by Whippy's likely scheme (unconfirmed) or by Standard Webhooks; if
 * it carries headers of both, either one suffices. Never throws, whatever the headers and the body hold.
 *
 * @param headers the request's headers, their names in lower case.
 * @param rawBody the body's bytes as received, after inflation and before parsing.
 * @param now the moment to compare the signed timestamp with.
 */
export function verifySignature(
  headers: SignatureHeaders,
  rawBody: Buffer,
  policy: SignaturePolicy,
  now: Date,
): SignatureVerdict {
  if (policy.secrets.every(isBlank))
    return refuse("no-secret", "no signing secret is configured to check with");
  const whippy = judge(readWhippyClaim(headers, rawBody), policy, now);
  if (whippy.authentic) return whippy;
  const standard = judge(readStandardWebhooksClaim(headers, rawBody), policy, now);
  if (standard.authentic) return standard;
  if (!isSigned(headers)) return refuse("missing", missingSignature);
  return TELLING.indexOf(standard.reason) > TELLING.indexOf(whippy.reason) ? standard : whippy;
}

/** Authenticity first, age second: a forger learns nothing about the clock or the tolerance. */
function judge(claim: SignatureClaim | SignatureFault, policy: SignaturePolicy, now: Date): SignatureVerdict {
  if ("reason" in claim) return refuse(claim.reason, claim.detail);
  const { scheme, header, signedAtMs } = claim;
  const keyIndex = findSigningKey(claim, policy.secrets);
  if (keyIndex === -1)
    return refuse("mismatch", `${header}: must be made of this body with a configured secret`);
  const ageMs = now.getTime() - signedAtMs;
  // Asked this way round, a clock or tolerance that is not a number refuses.
  if (Math.abs(ageMs) <= policy.toleranceSeconds * 1000) return { authentic: true, scheme, keyIndex };
  const distance = `${Math.abs(ageMs) / 1000} s ${ageMs > 0 ? "old" : "ahead"}`;
  return refuse(
    "stale",
    `${header}: timestamp is ${distance}, at most ${policy.toleranceSeconds} s is tolerated`,
  );
}

/** Compares every secret with every signature, always: the time taken must not tell which one matched. */
function findSigningKey({ signatures, digestWith }: SignatureClaim, secrets: readonly string[]): number {
  const matches = secrets.map((secret) => {
    if (isBlank(secret)) return false;
    const digest = digestWith(secret);
    return signatures.map((signature) => timingSafeEqual(signature, digest)).includes(true);
  });
  return matches.indexOf(true);
}

/** `whsec_` alone is an empty key too. */
function isBlank(secret: string): boolean {
  return /^(?:whsec_)?\s*$/.test(secret);
}

function refuse(reason: SignatureRefusal, detail: string): Refused {
  return { authentic: false, reason, detail };
}
