import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config.js";
import { Database } from "../../../src/store/database.js";
import {
  durabilityWarnings,
  readDurabilitySettings,
  warningsAbout,
} from "../../../src/store/connection/durability.js";
import { createTestDatabase } from "../../support/service.js";

describe("the warnings about the server's durability", () => {
  it.each([0, 2, "0", "2"])("say what innodb_flush_log_at_trx_commit = %j can lose", (flush) => {
    expect(warningsAbout({ flush, logBin: 0, syncBinlog: 0 })).toEqual([
      expect.stringMatching(/^innodb_flush_log_at_trx_commit is [02]: .*lose .*set it to 1$/),
    ]);
  });

  it("say what sync_binlog can lose, where there is a binary log", () => {
    expect(warningsAbout({ flush: 1, logBin: 1, syncBinlog: 0 })).toEqual([
      expect.stringMatching(/^sync_binlog is 0: .*set it to 1$/),
    ]);
    expect(warningsAbout({ flush: 1, logBin: 0, syncBinlog: 0 })).toEqual([]);
    expect(warningsAbout({ flush: 2, logBin: 1, syncBinlog: 1_000 })).toHaveLength(2);
  });

  it("are none where every commit is flushed", () => {
    expect(warningsAbout({ flush: 1, logBin: 1, syncBinlog: 1 })).toEqual([]);
    expect(warningsAbout({ flush: "1", logBin: "1", syncBinlog: "1" })).toEqual([]);
  });

  it("are made of what the server itself says", async () => {
    const test = await createTestDatabase();
    const database = await Database.open(loadConfig({ DATABASE_URL: test.url }).database, 2);
    const settings = await readDurabilitySettings(database);
    if (database.dialect.isEmbedded) expect(settings).toBeUndefined();
    else {
      const rows = await database.read<{ Variable_name: string; Value: string }>(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog')",
      );
      const said = new Map(rows.map((row) => [row.Variable_name, row.Value]));
      expect(String(settings?.flush)).toBe(said.get("innodb_flush_log_at_trx_commit"));
      expect(Number(settings?.logBin) === 1 ? "ON" : "OFF").toBe(said.get("log_bin"));
      expect(String(settings?.syncBinlog)).toBe(said.get("sync_binlog"));
    }
    expect(await durabilityWarnings(database)).toEqual(settings === undefined ? [] : warningsAbout(settings));
    await database.close();
    await test.drop();
  });
});
