import type { Database } from "./database.js";

interface Settings {
  readonly flush: number | string;
  readonly logBin: number | string;
  readonly syncBinlog: number | string;
}

/**
 * What of the server's settings makes an answer 2xx worth less than "durable": one sentence each. Empty on SQLite (whose commits we
 * make durable ourselves) and where the server is of another make and does not have these settings.
 */
export async function durabilityWarnings(database: Database): Promise<string[]> {
  if (database.dialect === "sqlite") return [];
  const settings = await readSettings(database);
  if (settings === undefined) return [];
  const warnings: string[] = [];
  if (Number(settings.flush) !== 1)
    warnings.push(
      `innodb_flush_log_at_trx_commit is ${settings.flush}: a crash of the server can lose the last second of acknowledged deliveries; set it to 1`,
    );
  if (Number(settings.logBin) === 1 && Number(settings.syncBinlog) !== 1)
    warnings.push(
      `sync_binlog is ${settings.syncBinlog}: after a crash of the server its replicas can lack acknowledged deliveries; set it to 1`,
    );
  return warnings;
}

async function readSettings(database: Database): Promise<Settings | undefined> {
  try {
    const [row] = await database.read<Settings>(
      "SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush, @@GLOBAL.log_bin AS logBin, @@GLOBAL.sync_binlog AS syncBinlog",
    );
    return row;
  } catch {
    return undefined;
  }
}
