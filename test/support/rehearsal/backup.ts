import mysql, { type RowDataPacket } from "mysql2/promise";
import type { DatabaseServer } from "./database-server.js";

/**
 * A copy of the service's database at one instant, as `mariadb-dump --single-transaction` takes it: without
 * locks.
 */
export class Backup {
  private constructor(
    private readonly server: DatabaseServer,
    private readonly name: string,
    private readonly tables: readonly string[],
  ) {}

  /** Makes its tables, empty. */
  static async prepare(server: DatabaseServer, number: number): Promise<Backup> {
    const name = `backup_${number}`;
    const rows = await server.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'app'",
    );
    const tables = rows.map((row) => row.name);
    for (const database of [name, `${name}_replaced`]) await server.query(`CREATE DATABASE ${database}`);
    for (const table of tables) await server.query(`CREATE TABLE ${name}.${table} LIKE app.${table}`);
    return new Backup(server, name, tables);
  }

  /** @returns `performance.now()` before anything was copied: what was committed by then is in it */
  async take(): Promise<{ readonly begunAt: number }> {
    const begunAt = performance.now();
    const connection = await mysql.createConnection({
      uri: this.server.url,
      dateStrings: true,
      rowsAsArray: true,
    });
    try {
      await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
      for (const table of this.tables) {
        const [rows] = await connection.query<RowDataPacket[][]>(`SELECT * FROM app.${table}`);
        if (rows.length > 0) await this.server.query(`INSERT INTO ${this.name}.${table} VALUES ?`, [rows]);
      }
    } finally {
      await connection.end();
    }
    return { begunAt };
  }

  /** Puts it in the place of the service's tables, all of them at once. @returns when that was done */
  async restore(): Promise<{ readonly endedAt: number }> {
    const moves = this.tables.flatMap((table) => [
      `app.${table} TO ${this.name}_replaced.${table}`,
      `${this.name}.${table} TO app.${table}`,
    ]);
    await this.server.query(`RENAME TABLE ${moves.join(", ")}`);
    return { endedAt: performance.now() };
  }
}
