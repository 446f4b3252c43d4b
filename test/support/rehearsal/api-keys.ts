import { generateApiKey, hashSecret } from "../../../src/access/api-key.js";
import { loadConfig } from "../../../src/config.js";
import { ApiKeyStore } from "../../../src/store/api-keys.js";
import { Database } from "../../../src/store/database.js";
import { organizationId } from "./deliveries.js";

/** Makes API keys of readers of the deliveries' organization. @returns so many of them */
export async function createReaders(databaseUrl: string, count: number): Promise<string[]> {
  const database = await Database.open(loadConfig({ DATABASE_URL: databaseUrl }).database, 2);
  try {
    const store = new ApiKeyStore(database);
    const keys = Array.from({ length: count }, generateApiKey);
    for (const { prefix, secret } of keys) {
      const name = "rehearsal";
      const secretSha256 = hashSecret(secret);
      await store.create({ prefix, secretSha256, name, organizationId, role: "reader", expiresAt: null });
    }
    return keys.map(({ text }) => text);
  } finally {
    await database.close();
  }
}
