import { setTimeout as delay } from "node:timers/promises";
import mysql, { type RowDataPacket } from "mysql2/promise";

const longestElection = 60_000;

/** Waits until one of these members takes writes. @returns `performance.now()` of then */
export async function becomePrimary(urls: readonly string[]): Promise<number> {
  const deadline = performance.now() + longestElection;
  while (performance.now() < deadline) {
    const taken = await Promise.all(urls.map((url) => takesWrites(url).catch(() => false)));
    if (taken.includes(true)) return performance.now();
    await delay(50);
  }
  throw new Error("No member of the group became the primary.");
}

async function takesWrites(uri: string): Promise<boolean> {
  const connection = await mysql.createConnection({ uri, connectTimeout: 2_000 });
  connection.on("error", () => undefined);
  try {
    const [rows] = await connection.query<RowDataPacket[]>("SELECT @@super_read_only AS readOnly");
    return rows[0]?.readOnly === 0;
  } finally {
    connection.destroy();
  }
}
