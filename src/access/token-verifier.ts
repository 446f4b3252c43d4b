import { createHash } from "node:crypto";
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import type { Config } from "../config.js";
import { UnauthenticatedError, UnavailableError } from "../errors.js";
import { type Caller, roles, scopeOf } from "./caller.js";

/** How far clocks may be apart. */
const clockToleranceSeconds = 5;

/**
 * Pinned for each kind of key: a token must not choose how it is verified (a public key as an HMAC secret, or
 * `none`).
 */
const secretAlgorithms = ["HS256"];
const publicKeyAlgorithms = ["RS256", "PS256", "ES256", "EdDSA"];

/**
 * What a token must say beside `exp` and `sub`: `role`, and either `organization_id` or `organizations:
 * "all"`; an operator is one of all organizations.
 */
const claimsSchema = z
  .object({
    sub: z.string().min(1).max(200),
    iss: z.string().default(""),
    exp: z.number(),
    role: z.enum(roles),
    organization_id: z.uuid().optional(),
    organizations: z.literal("all").optional(),
  })
  .refine(
    ({ organization_id, organizations }) => (organization_id === undefined) !== (organizations === undefined),
  )
  .refine(({ role, organizations }) => role !== "operator" || organizations === "all");

/** Verifies JSON Web Tokens, under a shared secret or the keys of an identity provider. */
export class TokenVerifier {
  private readonly verify: (token: string) => Promise<JWTPayload>;

  constructor({ jwksUrl, secret, issuer, audience }: NonNullable<Config["access"]["jwt"]>) {
    const options = {
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ["exp", "sub"],
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
    };
    if (jwksUrl !== undefined) {
      const keys = publishedKeys(new URL(jwksUrl));
      this.verify = async (token) =>
        (await jwtVerify(token, keys, { ...options, algorithms: publicKeyAlgorithms })).payload;
    } else {
      const key = new TextEncoder().encode(secret);
      this.verify = async (token) =>
        (await jwtVerify(token, key, { ...options, algorithms: secretAlgorithms })).payload;
    }
  }

  /**
   * @throws UnauthenticatedError where the token is not valid, or does not say whom it admits to what
   * @throws UnavailableError where the identity provider's keys cannot be fetched
   */
  async callerOf(token: string): Promise<Caller> {
    const claims = claimsSchema.safeParse(await this.payloadOf(token));
    if (!claims.success) throw new UnauthenticatedError();
    const { sub, iss, exp, role, organization_id } = claims.data;
    return {
      id: `jwt:${sub}@${shortHash(iss)}`,
      name: undefined,
      role,
      scope: scopeOf(role, organization_id?.toLowerCase() ?? null),
      expiresAt: (exp + clockToleranceSeconds) * 1_000,
      keyId: undefined,
    };
  }

  private async payloadOf(token: string): Promise<JWTPayload> {
    try {
      return await this.verify(token);
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new UnauthenticatedError();
      if (error instanceof UnavailableError) throw error;
      throw new UnavailableError("The token cannot be verified now.", error);
    }
  }
}

/** Issuers name their subjects each for itself: two who are called the same are not one caller. */
function shortHash(issuer: string): string {
  return createHash("sha256").update(issuer).digest("hex").slice(0, 16);
}

/**
 * The key of a token, as the identity provider publishes it. Only that it publishes none for such a token is
 * the token's fault: where it answers with an error, or with what are no keys, whoever asks has failed at
 * nothing.
 */
function publishedKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, { timeoutDuration: 5_000 });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (faultsOfTokens.some((fault) => error instanceof fault)) throw error;
      throw new UnavailableError("The identity provider's keys cannot be fetched.", error);
    }
  };
}

const faultsOfTokens = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
