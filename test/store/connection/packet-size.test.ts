import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.js";
import { Database } from "../../../src/store/database.js";
import { packetWarnings, readPacketLimit, warningsAbout } from "../../../src/store/connection/packet-size.js";
import { createTestDatabase } from "../../support/service.js";

const megabyte = 1024 * 1024;

describe("the warnings about the server's largest packet", () => {
  it("name both numbers and what to set, where it is less than three times the largest body", () => {
    expect(warningsAbout(15 * megabyte - 1, 5 * megabyte)).toEqual([
      expect.stringMatching(
        /^max_allowed_packet is 15728639, .*WEBHOOK_MAX_BYTES \(5242880\).* 503; set it to 15728640 or more$/,
      ),
    ]);
  });

  it("name the least that any body needs", () => {
    expect(warningsAbout(megabyte, 1_024)).toEqual([expect.stringMatching(/set it to 4194304 or more$/)]);
  });

  it("are none where the largest body fits", () => {
    expect(warningsAbout(15 * megabyte, 5 * megabyte)).toEqual([]);
    expect(warningsAbout(4 * megabyte, 1_024)).toEqual([]);
  });

  it("are made of what the server itself says", async () => {
    const test = await createTestDatabase();
    const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    const limit = await readPacketLimit(database);
    if (database.dialect.isEmbedded) {
      expect(limit).toBeUndefined();
      expect(await packetWarnings(database, 1_000 * megabyte)).toEqual([]);
    } else {
      const [said] = await database.read<{ Value: string }>(
        "SHOW GLOBAL VARIABLES WHERE Variable_name = 'max_allowed_packet'",
      );
      expect(String(limit)).toBe(said?.Value);
      expect(await packetWarnings(database, limit ?? 0)).toHaveLength(1);
    }
    await database.close();
    await test.drop();
  });
});
