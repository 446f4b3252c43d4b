import { randomUUID } from "node:crypto";
import mysql from "mysql2/promise";
import { serverProcesses } from "./processes.js";
import type { TestDatabase } from "./service.js";

/** An account of the database server that may do everything in one database, as far as its limits let it. */
export interface Account {
  /** The test's database, as this account. */
  readonly database: TestDatabase;
  /** Changes the account: what follows its name in ALTER USER. */
  alter(clauses: string): Promise<void>;
  /** Ends all its connections, as a restart of the server does. */
  killConnections(): Promise<void>;
  drop(): Promise<void>;
}

/** @param limits such as `WITH MAX_USER_CONNECTIONS 10` */
export async function createAccount(test: TestDatabase, limits: string): Promise<Account> {
  const admin = await mysql.createConnection(test.url);
  const name = `t${randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const url = new URL(test.url);
  await admin.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'first' ${limits}`);
  await admin.query(`GRANT ALL ON \`${url.pathname.slice(1)}\`.* TO ${name}@'%'`);
  url.username = name;
  url.password = "first";
  return {
    database: { ...test, url: url.href },
    alter: async (clauses) => {
      await admin.query(`ALTER USER ${name}@'%' ${clauses}`);
    },
    killConnections: async () => {
      for (const { id, user } of await serverProcesses(test.url))
        if (user === name) await admin.query(`KILL ${id}`).catch(() => undefined);
    },
    drop: async () => {
      await admin.query(`DROP USER ${name}@'%'`);
      await admin.end();
    },
  };
}
