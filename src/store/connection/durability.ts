import type { Database } from "../database.js";

/** What a server says of itself; texts or numbers, as its make has it. */
export interface DurabilitySettings {
  readonly flush: number | string;
  readonly logBin: number | string;
  readonly syncBinlog: number | string;
}

/**
 * What of the server's settings makes an answer 2xx worth less than "durable": one sentence each. Empty on
 * SQLite (whose commits we make durable ourselves) and where the server is of another make and does not have
 * these settings.
 */
export async function durabilityWarnings(database: Database): Promise<string[]> {
  const settings = await readDurabilitySettings(database);
  return settings === undefined ? [] : warningsAbout(settings);
}

/** One sentence for each setting that lets the server forget what it has committed. */
export function warningsAbout({ flush, logBin, syncBinlog }: DurabilitySettings): string[] {
  const warnings: string[] = [];
  if (Number(flush) !== 1)
    warnings.push(
      `innodb_flush_log_at_trx_commit is ${flush}: a crash of the server can lose the last second of acknowledged deliveries; set it to 1`,
    );
  if (Number(logBin) === 1 && Number(syncBinlog) !== 1)
    warnings.push(
      `sync_binlog is ${syncBinlog}: after a crash of the server its replicas can lack acknowledged deliveries; set it to 1`,
    );
  return warnings;
}

/** @returns undefined where there are no such settings */
export async function readDurabilitySettings(database: Database): Promise<DurabilitySettings | undefined> {
  if (database.dialect.isEmbedded) return undefined;
  try {
    const [row] = await database.read<DurabilitySettings>(
      "SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush, @@GLOBAL.log_bin AS logBin, @@GLOBAL.sync_binlog AS syncBinlog",
    );
    return row;
  } catch {
    return undefined;
  }
}
