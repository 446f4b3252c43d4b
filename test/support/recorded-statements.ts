import { format } from "sql-formatter";
import { vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { textOf } from "../../src/store/sql/statements.js";
import type { SqlReader, SqlValue, Transaction } from "../../src/store/sql/transaction.js";

/**
 * What depends on the time: the audit log is written in batches, a key's last use is noted once a minute, and
 * the feed is pruned. A transaction that holds one of them is left out.
 */
const timed = /\b(audit_log|api_keys|FROM service_settings|SELECT id FROM feed_head)\b/;
/** Changes are numbered with their own transaction, or in the background: left out in both. */
const numbering = /\bfeed_head\b|\bsession_feed\s+(?:WHERE\s+position\s+IS\s+NULL|SET\s+epoch)\b/;

/**
 * The statements that reach the database during `work`: what clients read, sorted, because parts of an answer
 * are read at once; then what transactions send, in order. What the service itself reads (keys, erasures, the
 * feed's end) is left out: it is cached for a time.
 */
export async function recordStatements(work: () => Promise<void>): Promise<string[]> {
  const transactions: string[][] = [];
  const read = vi.spyOn(Database.prototype, "readForClients");
  const write = observeTransactions(transactions);
  try {
    await work();
    const reads = read.mock.calls.map(([sql]) => sql);
    const written = transactions.filter((statements) => !timed.test(statements.join(" ")));
    return [...reads.sort(), ...written.flat().filter((sql) => !numbering.test(sql))];
  } finally {
    read.mockRestore();
    write.mockRestore();
  }
}

/** Passes each transaction on, and notes the statements of its last attempt. */
function observeTransactions(transactions: string[][]) {
  type Work = (transaction: Transaction) => Promise<unknown>;
  const transaction = Reflect.get(Database.prototype, "transaction") as (
    this: Database,
    work: Work,
    milliseconds?: number,
  ) => Promise<unknown>;
  const spy = vi.spyOn(Database.prototype as { transaction: typeof transaction }, "transaction");
  return spy.mockImplementation(function (this: Database, work, milliseconds) {
    const statements: string[] = [];
    transactions.push(statements);
    return transaction.call(
      this,
      (real) => {
        statements.length = 0;
        return work(noting(real, statements));
      },
      milliseconds,
    );
  });
}

function noting(transaction: Transaction, statements: string[]): Transaction {
  const note = (sql: string) => void statements.push(sql);
  const noted: Transaction = {
    dialect: transaction.dialect,
    isShared: transaction.isShared,
    query: async <Row extends object>(sql: string, parameters?: readonly SqlValue[]) => {
      note(sql);
      return await transaction.query<Row>(sql, parameters);
    },
    execute: async (sql, parameters) => {
      note(sql);
      return await transaction.execute(sql, parameters);
    },
    later: async (sql, parameters) => {
      note(sql);
      await transaction.later(sql, parameters);
    },
    insertLater: async (insert) => {
      note(textOf(insert)[0]);
      await transaction.insertLater(insert);
    },
    readTogether: async (read, key) => (await read(noted, [key]))(key),
  };
  return noted;
}

/** Statements as people compare them: a clause a line, a list of placeholders as one. */
export function readableSql(statements: readonly string[], language: SqlReader["dialect"]["name"]): string {
  const readable = statements.map((sql) => {
    const short = sql.replace(/\b(IN|VALUES) \(\?(?:, \?)*\)(?:, \(\?(?:, \?)*\))*/g, "$1 (?)");
    return `${format(short, { language, expressionWidth: 100 })};\n`;
  });
  return readable.join("\n");
}
