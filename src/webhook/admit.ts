import type { IncomingHttpHeaders } from "node:http";
import type { Config } from "../config.js";
import { ServiceError } from "../errors.js";
import type { Logger } from "../logger.js";
import { isSigned, missingSignature, verifySignature } from "./verify-signature.js";

/** Whose key signed a delivery. */
export interface Admission {
  readonly scheme: string;
  /** Position in WEBHOOK_SECRETS, from 0. */
  readonly keyIndex: number;
}

/** The delivery's signature is missing, malformed, wrong or stale. */
export class UnauthenticDeliveryError extends ServiceError {
  constructor(detail: string) {
    super(detail, { status: 401, code: "UNAUTHENTICATED", logLevel: "warn" });
  }
}

/**
 * Refuses a delivery that need not be read, since no body could make it authentic.
 * @throws UnauthenticDeliveryError where there is no signature, in mode `enforce`
 */
export function refuseUnsigned(headers: IncomingHttpHeaders, config: Config["webhook"]): void {
  if (config.signatureMode === "enforce" && !isSigned(headers))
    throw new UnauthenticDeliveryError(missingSignature);
}

/**
 * Lets authentic deliveries in.
 * @returns how it was verified; null where it was not (mode `off`, or `report-only` and not authentic)
 * @throws UnauthenticDeliveryError in mode `enforce`
 */
export function admit(
  request: { readonly headers: IncomingHttpHeaders; readonly body: Buffer },
  config: Config["webhook"],
  logger: Logger,
): Admission | null {
  if (config.signatureMode === "off") return null;
  const verdict = verifySignature(request.headers, request.body, config, new Date());
  if (verdict.authentic) return { scheme: verdict.scheme, keyIndex: verdict.keyIndex };
  if (config.signatureMode === "enforce") throw new UnauthenticDeliveryError(verdict.detail);
  logger.warn(
    { reason: verdict.reason },
    "a delivery is not authentic; accepted, since WEBHOOK_SIGNATURE_MODE is report-only",
  );
  return null;
}
