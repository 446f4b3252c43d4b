import type { Database } from "../database.js";

/**
 * What a body may take of a packet: its raw bytes travel as hexadecimal digits, two for each, with a margin
 * for what is around them. What it means travels afterwards, in smaller packets.
 */
const timesBody = 3;
/**
 * Statements that travel together have up to a million characters, however small the bodies (see
 * mysql-connection.ts).
 */
const leastPacket = 4 * 1024 * 1024;

/**
 * Says where the server would refuse deliveries that we admit. Empty on SQLite, and where the server does not
 * say what it takes.
 */
export async function packetWarnings(database: Database, maxBytes: number): Promise<string[]> {
  const limit = await readPacketLimit(database);
  return limit === undefined ? [] : warningsAbout(limit, maxBytes);
}

/**
 * @param limit the server's `max_allowed_packet`
 * @param maxBytes the largest body that is admitted
 */
export function warningsAbout(limit: number, maxBytes: number): string[] {
  const needed = Math.max(timesBody * maxBytes, leastPacket);
  if (limit >= needed) return [];
  return [
    `max_allowed_packet is ${limit}, too small for deliveries of WEBHOOK_MAX_BYTES (${maxBytes}): large ones are answered 503; set it to ${needed} or more`,
  ];
}

/** @returns undefined where there is no such setting */
export async function readPacketLimit(database: Database): Promise<number | undefined> {
  if (database.dialect.isEmbedded) return undefined;
  try {
    const [row] = await database.read<{ bytes: number | string }>(
      "SELECT @@GLOBAL.max_allowed_packet AS bytes",
    );
    return row === undefined ? undefined : Number(row.bytes);
  } catch {
    return undefined;
  }
}
