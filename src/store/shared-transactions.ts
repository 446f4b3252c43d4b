import { UnavailableError } from "../errors.js";
import type { Database } from "./database.js";
import type { Transaction } from "./sql/transaction.js";

type Work<Result> = (transaction: Transaction) => Promise<Result>;

/** A piece of work that waits for a transaction. */
interface Waiting {
  readonly touches: readonly string[];
  readonly work: Work<unknown>;
  /** By the clock of `performance.now()`: when it must have come to something. */
  readonly deadline: number;
  /** Ends the wait at the deadline. */
  readonly timer: NodeJS.Timeout;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Few enough that a failure, which makes all of them run again alone, costs little. */
const mostInOne = 8;

/** Milliseconds after which what waits for a lock no longer counts: the pool bounds what runs then. */
const longestHeld = 500;

/**
 * Runs independent pieces of work in common transactions where more are waiting than connections: they share
 * the packets to the server, its turns and the commit. Pieces that touch the same thing never share a
 * transaction, nor run at the same time here.
 *
 * A common transaction is tried once. Where anything in it fails, nothing of it stays, and each piece runs
 * again in a transaction of its own, with all that {@link Database.transaction} does for it.
 */
export class SharedTransactions {
  private waiting: Waiting[] = [];
  private readonly touched = new Set<string>();
  private running = 0;
  private underWay = 0;
  private isDue = false;

  private readonly mostAtOnce: number;

  /** @param mostAtOnce transactions that run at once; a file takes one */
  constructor(
    private readonly database: Database,
    mostAtOnce: number,
  ) {
    this.mostAtOnce = database.dialect.isEmbedded ? 1 : mostAtOnce;
  }

  /**
   * As {@link Database.transaction}, which it becomes for a cluster: there a transaction of many rows
   * conflicts with more others.
   * @param touches names of all rows that the work reads and writes, and that other work may write
   * @throws UnavailableError where its turn does not come in time
   */
  async run<Result>(touches: readonly string[], work: Work<Result>): Promise<Result> {
    if (this.database.cluster !== undefined) return await this.database.transaction(work);
    this.underWay += 1;
    return (await new Promise<unknown>((resolve, reject) => {
      const milliseconds = this.database.limits.transaction;
      const deadline = performance.now() + milliseconds;
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((each) => each.timer !== timer);
        reject(new UnavailableError("The database takes too long to answer."));
      }, milliseconds);
      this.waiting.push({ touches, work, deadline, timer, resolve, reject });
      this.startSoon();
    }).finally(() => {
      this.underWay -= 1;
    })) as Result;
  }

  /** How many pieces of work run or wait. */
  get pieces(): number {
    return this.underWay;
  }

  /** After all that arrived in the same turn of the event loop. */
  private startSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    setImmediate(() => {
      this.isDue = false;
      while (this.running < this.mostAtOnce) {
        const batch = this.takeBatch();
        if (batch.length === 0) return;
        this.running += 1;
        void this.runBatch(batch);
      }
    });
  }

  /** The next pieces that touch nothing that is in work, the oldest first: a fair share of what waits. */
  private takeBatch(): Waiting[] {
    const share = Math.ceil(this.waiting.length / (this.mostAtOnce - this.running));
    const most = Math.min(share, mostInOne);
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    for (const each of this.waiting) {
      const isFree = batch.length < most && !each.touches.some((name) => this.touched.has(name));
      if (isFree) {
        clearTimeout(each.timer);
        for (const name of each.touches) this.touched.add(name);
      }
      (isFree ? batch : left).push(each);
    }
    this.waiting = left;
    return batch;
  }

  private async runBatch(batch: readonly Waiting[]): Promise<void> {
    let isHeld = true;
    const giveUpPlace = () => {
      if (isHeld) this.running -= 1;
      isHeld = false;
      this.startSoon();
    };
    const timer = setTimeout(giveUpPlace, longestHeld);
    const results = batch.length === 1 ? undefined : await this.attemptTogether(batch);
    await Promise.all(
      batch.map(async (each, index) => {
        if (results === undefined) await this.runAlone(each);
        else each.resolve(results[index]);
        for (const name of each.touches) this.touched.delete(name);
      }),
    );
    clearTimeout(timer);
    giveUpPlace();
  }

  /** @returns what each came to; undefined where they are to run alone */
  private async attemptTogether(batch: readonly Waiting[]): Promise<unknown[] | undefined> {
    // The other half is for running alone.
    const half = this.database.limits.transaction / 2;
    const milliseconds = Math.min(half, ...batch.map(({ deadline }) => deadline - performance.now()));
    try {
      return await this.database.attemptTogether(
        batch.map(({ work }) => work),
        milliseconds,
      );
    } catch {
      return undefined;
    }
  }

  private async runAlone({ work, deadline, resolve, reject }: Waiting): Promise<void> {
    await this.database.transaction(work, deadline - performance.now()).then(resolve, reject);
  }
}
