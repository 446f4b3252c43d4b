import mysql from "mysql2/promise";

/** A connection as the database server lists it. */
export interface ServerProcess {
  readonly id: number;
  readonly user: string;
  /** The database that it uses. */
  readonly database: string | null;
  /** The statement that it runs now. */
  readonly statement: string | null;
}

/**
 * The server's connections that the URL's account may see. MySQL's information_schema.processlist keeps
 * statements in utf8mb3 and fails where anybody's statement has another character; SHOW PROCESSLIST does not.
 */
export async function serverProcesses(url: string): Promise<ServerProcess[]> {
  const connection = await mysql.createConnection(url);
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>("SHOW FULL PROCESSLIST");
    return rows.map(({ Id, User, db, Info }) => ({
      id: Number(Id),
      user: String(User),
      database: db as string | null,
      statement: Info as string | null,
    }));
  } finally {
    await connection.end();
  }
}

/** Those that use the database that the URL names. */
export async function processesIn(url: string): Promise<ServerProcess[]> {
  const name = new URL(url).pathname.slice(1);
  return (await serverProcesses(url)).filter(({ database }) => database === name);
}
