import { ForbiddenError } from "../errors.js";
import { everything, type Scope } from "../store/readers/scope.js";

/**
 * What a caller may do. reader: read everything within its scope. masked_reader: the same without personal
 * data (phone numbers, e-mail addresses, texts of chats). operator: read all organizations, and what is about
 * the service itself (raw events, metrics).
 */
export const roles = ["reader", "masked_reader", "operator"] as const;
export type Role = (typeof roles)[number];

/** Who asks. Made by the {@link Authenticator} alone. */
export interface Caller {
  /** `key:<prefix>`, `jwt:<subject>@<hash of its issuer>`, or `local`. Safe to log and to keep. */
  readonly id: string;
  /** Who holds the key, as whoever made it wrote; undefined for tokens and on an open service. */
  readonly name: string | undefined;
  readonly role: Role;
  readonly scope: Scope;
  /** Milliseconds since 1970, where the key or token expires. */
  readonly expiresAt: number | undefined;
  /** The API key's row, where one was used: it can be revoked. */
  readonly keyId: string | undefined;
}

/** Whoever asks where neither keys nor tokens are set up: then the service listens on this machine alone. */
export const localCaller: Caller = {
  id: "local",
  name: undefined,
  role: "operator",
  scope: everything,
  expiresAt: undefined,
  keyId: undefined,
};

/**
 * @param what is about all organizations, such as `Metrics`
 * @throws ForbiddenError where the caller is no operator
 */
export function demandOperator({ role }: Caller, what: string): void {
  if (role !== "operator") throw new ForbiddenError(`${what} are for operators only.`);
}

/** The scope of a role within an organization, or within all (`null`). */
export function scopeOf(role: Role, organizationId: string | null): Scope {
  const masked = role === "masked_reader";
  return organizationId === null ? { kind: "all", masked } : { kind: "organization", organizationId, masked };
}
