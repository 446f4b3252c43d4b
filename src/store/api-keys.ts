import { v7 as uuidv7 } from "uuid";
import { now, toDatetime } from "../model/instant.js";
import type { Database } from "./database.js";
import { insertRows, placeholders, selectList } from "./sql/statements.js";
import { type ApiKeyRow } from "../model/bookkeeping.js";
import { apiKeys } from "./sql/tables.js";

/** What a key is made of, but for what the database adds. */
export type NewApiKey = Pick<
  ApiKeyRow,
  "prefix" | "secretSha256" | "name" | "organizationId" | "role" | "expiresAt"
>;

/** How often a key's last use is written at the most. */
const lastUsePrecisionMilliseconds = 60_000;

/** The API keys' table. Instants are DATETIME(6) text. */
export class ApiKeyStore {
  constructor(private readonly database: Database) {}

  async create(key: NewApiKey): Promise<void> {
    const row: ApiKeyRow = {
      ...key,
      id: uuidv7(),
      createdAt: toDatetime(now()),
      lastUsedAt: null,
      revokedAt: null,
    };
    await this.database.transaction((transaction) => insertRows(transaction, apiKeys, [row]));
  }

  /** Revoked and expired ones too, the oldest first. */
  async list(): Promise<ApiKeyRow[]> {
    return await this.database.read<ApiKeyRow>(
      `SELECT ${selectList(apiKeys, "k", columns)} FROM api_keys k ORDER BY k.id`,
    );
  }

  async byPrefix(prefix: string): Promise<ApiKeyRow | undefined> {
    const [row] = await this.database.read<ApiKeyRow>(
      `SELECT ${selectList(apiKeys, "k", columns)} FROM api_keys k WHERE k.prefix = ?`,
      [prefix],
    );
    return row;
  }

  /**
   * Whether a key was ever made: from then on callers must authenticate, also after the last key was revoked.
   */
  async exist(): Promise<boolean> {
    return (await this.database.read("SELECT 1 FROM api_keys LIMIT 1")).length > 0;
  }

  /** Which of these keys may still be used. */
  async validIds(ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.database.read<{ id: string }>(
      `SELECT id FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) AND id IN (${placeholders(ids)})`,
      [toDatetime(now()), ...ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** @returns whether there was such a key that was not revoked yet */
  async revoke(prefix: string): Promise<boolean> {
    const revoked = await this.database.transaction((transaction) =>
      transaction.execute("UPDATE api_keys SET revoked_at = ? WHERE prefix = ? AND revoked_at IS NULL", [
        toDatetime(now()),
        prefix,
      ]),
    );
    return revoked > 0;
  }

  /** Notes that a key was used; several instances together write it about once a minute. */
  async touch(id: string): Promise<void> {
    const stale = toDatetime(new Date(Date.now() - lastUsePrecisionMilliseconds).toISOString());
    await this.database.transaction((transaction) =>
      transaction.execute(
        "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
        [toDatetime(now()), id, stale],
      ),
    );
  }
}

const columns = [
  "id",
  "prefix",
  "secretSha256",
  "name",
  "organizationId",
  "role",
  "createdAt",
  "expiresAt",
  "lastUsedAt",
  "revokedAt",
] as const satisfies readonly (keyof ApiKeyRow)[];
