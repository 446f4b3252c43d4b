import type { Dialect } from "../sql/dialect.js";
import { rowsPerStatement } from "../sql/statements.js";
import type { Insert, ReadTogether, SqlValue, Transaction } from "../sql/transaction.js";

/**
 * Does independent pieces of work in one transaction, with fewer statements than each would take alone: what
 * they read by {@link Transaction.readTogether} at the same time is read at once, and rows of the same kind
 * are inserted at once. Each piece's own statements keep their order. Two pieces may touch the same row only
 * where it comes out the same in any order.
 * @throws what the first of those that failed threw
 */
export async function workTogether<Result>(
  transaction: Transaction,
  works: readonly ((transaction: Transaction) => Promise<Result>)[],
): Promise<Result[]> {
  const writeAll = (): Promise<void> =>
    writeTogether(
      transaction,
      pieces.map((piece) => piece.takeWrites()),
    );
  const readings = new Readings(transaction, writeAll);
  const pieces: readonly Piece[] = works.map(() => new Piece(transaction, readings));
  const outcomes = await Promise.allSettled(pieces.map(async (piece, index) => await works[index]?.(piece)));
  const results = outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value as Result;
  });
  await writeAll();
  return results;
}

/** What a piece writes and nobody waits for. */
type Write = Insert | { readonly sql: string; readonly parameters: readonly SqlValue[] };

/** One piece of a transaction: its writes wait until it asks something, or all pieces read or have ended. */
class Piece implements Transaction {
  readonly isShared = true;
  private writes: Write[] = [];

  constructor(
    private readonly transaction: Transaction,
    private readonly readings: Readings,
  ) {}

  get dialect(): Dialect {
    return this.transaction.dialect;
  }

  async query<Row extends object>(sql: string, parameters?: readonly SqlValue[]): Promise<Row[]> {
    await this.write();
    return await this.transaction.query<Row>(sql, parameters);
  }

  async execute(sql: string, parameters?: readonly SqlValue[]): Promise<number> {
    await this.write();
    return await this.transaction.execute(sql, parameters);
  }

  later(sql: string, parameters: readonly SqlValue[] = []): Promise<void> {
    this.writes.push({ sql, parameters });
    return Promise.resolve();
  }

  insertLater(insert: Insert): Promise<void> {
    this.writes.push(insert);
    return Promise.resolve();
  }

  async readTogether<Key, Value>(read: ReadTogether<Key, Value>, key: Key): Promise<Value> {
    return await this.readings.load(read, key);
  }

  takeWrites(): Write[] {
    const taken = this.writes;
    this.writes = [];
    return taken;
  }

  private async write(): Promise<void> {
    for (const write of this.takeWrites()) await writeLater(this.transaction, write);
  }
}

/** What pieces read at the same time: as far as each comes without an answer of the database. */
class Readings {
  private open = new Map<unknown, { readonly keys: unknown[]; readonly values: Promise<ValueOf> }>();
  private due: ((written: Promise<void>) => void)[] = [];

  /** @param writeAll writes what the pieces have left to be written: locks are taken in the order of each */
  constructor(
    private readonly transaction: Transaction,
    private readonly writeAll: () => Promise<void>,
  ) {}

  async load<Key, Value>(read: ReadTogether<Key, Value>, key: Key): Promise<Value> {
    const { keys, values } = this.open.get(read) ?? this.begin(read as ReadTogether<unknown, unknown>);
    keys.push(key);
    return (await values)(key) as Value;
  }

  private begin(read: ReadTogether<unknown, unknown>) {
    const keys: unknown[] = [];
    const values = new Promise<ValueOf>((resolve) => {
      // It runs when no piece has anything left to do.
      if (this.due.length === 0)
        process.nextTick(() => {
          this.readAll();
        });
      this.due.push((written) => {
        resolve(written.then(() => read(this.transaction, keys)));
      });
    });
    const reading = { keys, values };
    this.open.set(read, reading);
    return reading;
  }

  private readAll(): void {
    const { due } = this;
    this.due = [];
    this.open = new Map();
    const written = this.writeAll();
    for (const read of due) read(written);
  }
}

type ValueOf = (key: unknown) => unknown;

/** Writes what lists hold, each in its order; rows of one kind that come next in several go together. */
async function writeTogether(transaction: Transaction, lists: readonly Write[][]): Promise<void> {
  // A file has no way to save, and keeps each statement of another length prepared.
  const most = transaction.dialect.isEmbedded ? 0 : rowsPerStatement;
  for (let next = nextOf(lists); next !== undefined; next = nextOf(lists)) {
    const rows: Insert["rows"][number][] = [];
    for (const list of lists) {
      if (!isOfKind(list[0], next)) continue;
      const [taken] = list;
      if (taken !== undefined && "rows" in taken) {
        if (rows.length > 0 && rows.length + taken.rows.length > most) continue;
        rows.push(...taken.rows);
      }
      list.shift();
    }
    await writeLater(transaction, "rows" in next ? { ...next, rows } : next);
  }
}

/** A write that comes next in its list and, if possible, later in none. */
function nextOf(lists: readonly Write[][]): Write | undefined {
  const heads = lists.flatMap(([head]) => head ?? []);
  const isSettled = (head: Write) =>
    !lists.some((list) => !isOfKind(list[0], head) && list.some((write) => isOfKind(write, head)));
  return heads.find(isSettled) ?? heads[0];
}

/** Whether it is the same write, or inserts rows of the same kind. */
function isOfKind(write: Write | undefined, other: Write): boolean {
  if (write === other) return true;
  return write !== undefined && "rows" in write && "rows" in other && write.kind === other.kind;
}

async function writeLater(transaction: Transaction, write: Write): Promise<void> {
  if ("rows" in write) await transaction.insertLater(write);
  else await transaction.later(write.sql, write.parameters);
}
