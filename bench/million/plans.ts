import type { Connection, RowDataPacket } from "mysql2/promise";
import type { SqlReader, SqlValue } from "../../src/store/sql/transaction.js";

/** A reading statement of the service, with its parameters. */
interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** One line of EXPLAIN. */
interface PlanRow extends RowDataPacket {
  readonly table: string | null;
  readonly key: string | null;
  readonly Extra: string | null;
}

/**
 * Runs what the service's readers ask and keeps the statements: what is explained is what is served, word for
 * word.
 */
export class RecordingReader implements SqlReader {
  readonly statements: Statement[] = [];

  constructor(private readonly database: SqlReader) {}

  get dialect() {
    return this.database.dialect;
  }

  async read<Row extends object>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> {
    this.statements.push({ sql, parameters });
    return await this.database.read<Row>(sql, parameters);
  }
}

/** How the database carries a statement out. */
export interface Plan {
  /** The indexes by table, such as `s: ix_sessions_started`. */
  readonly keys: string;
  /** A stored table is read from one end to the other. */
  readonly scans: boolean;
  /**
   * All rows that match are read and sorted, however few are wanted. (A page's own rows, once they are
   * chosen, are not meant.)
   */
  readonly sorts: boolean;
}

export async function explain(connection: Connection, { sql, parameters }: Statement): Promise<Plan> {
  const [rows] = await connection.query<PlanRow[]>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, [...parameters]);
  const stored = rows.filter(({ table }) => table !== null && !table.startsWith("<"));
  return {
    keys: stored.map(({ table, key }) => `${table ?? ""}: ${key ?? "none"}`).join(", "),
    scans: stored.some(({ key }) => key === null),
    sorts: stored.some(({ Extra }) => (Extra ?? "").includes("filesort")),
  };
}
