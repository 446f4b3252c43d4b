import { defineTable } from "../table.js";

/** A key that a caller authenticates with. The key itself is shown once, when it is made, and never stored. */
export interface ApiKeyRow {
  id: string;
  /** The part of the key that may be shown: it finds the row. */
  prefix: string;
  /** SHA-256 of the secret part. */
  secretSha256: string;
  /** Who holds it, for people. */
  name: string;
  /** Null: all organizations. */
  organizationId: string | null;
  role: string;
  createdAt: string;
  expiresAt: string | null;
  /** Written at most once a minute. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

/** Characters that the name of a key may have. */
export const longestName = 200;

export const apiKeys = defineTable<ApiKeyRow>({
  name: "api_keys",
  columns: (types) => ({
    id: types.uuid({ primary: true }),
    prefix: types.ascii(16),
    secretSha256: types.hash(),
    name: types.text(longestName),
    organizationId: types.uuid({ nullable: true }),
    role: types.ascii(32),
    createdAt: types.instant(),
    expiresAt: types.instant({ nullable: true }),
    lastUsedAt: types.instant({ nullable: true }),
    revokedAt: types.instant({ nullable: true }),
  }),
  indices: [{ name: "ux_api_keys_prefix", columns: ["prefix"], unique: true }],
});
