import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** An API key: `caa_<prefix>_<secret>`. The prefix finds it and may be shown; the secret proves it. */
export interface ApiKey {
  readonly prefix: string;
  readonly secret: string;
}

const format = /^caa_([0-9a-f]{8})_([0-9a-f]{64})$/;

export function generateApiKey(): ApiKey & { readonly text: string } {
  const prefix = randomBytes(4).toString("hex");
  const secret = randomBytes(32).toString("hex");
  return { prefix, secret, text: `caa_${prefix}_${secret}` };
}

/** @returns undefined for what has not the form of a key */
export function parseApiKey(text: string): ApiKey | undefined {
  const [, prefix, secret] = format.exec(text) ?? [];
  return prefix === undefined || secret === undefined ? undefined : { prefix, secret };
}

/** Whether a text has the form of a key's prefix. */
export function isPrefix(text: string): boolean {
  return /^[0-9a-f]{8}$/.test(text);
}

/**
 * What is stored of a secret. One round of SHA-256 is enough: the secret is 256 random bits, so there is
 * nothing to guess, and slow hashes (for passwords that people choose) would only make every request slow.
 */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function isSecretOf(secret: string, secretSha256: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(secretSha256));
}
