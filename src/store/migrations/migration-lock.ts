import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { DataSource } from "typeorm";

/** How often a holder renews its lease, as a part of the lease. */
const renewalsPerLease = 5;

/** Whoever waits looks this often, in milliseconds, so that many do not look at once. */
const pause = () => 200 + Math.random() * 300;

/** As much as is known of the lease of somebody else. */
interface Lease {
  readonly owner: string;
  readonly renewals: number;
}

/**
 * The table is made before any migration, so it is no entity. Clusters take no locks by name (GET_LOCK), and
 * a row is the same on all of their nodes.
 */
const makeTable = `CREATE TABLE IF NOT EXISTS migration_lock (
  id int NOT NULL,
  owner char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  renewals bigint NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/**
 * A lock in a table: a row names who holds it, and counts how often that lease was renewed. A holder that
 * renews no more has died, and whoever has watched it for the length of a lease takes the row over. No clocks
 * are compared: each instance measures with its own how long it has watched.
 */
export class MigrationLock {
  private readonly owner = randomUUID();
  private watched: (Lease & { readonly since: number }) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private renewing: Promise<unknown> = Promise.resolve();

  /** @param leaseMilliseconds how long a holder that has died keeps the others waiting */
  constructor(
    private readonly dataSource: DataSource,
    private readonly leaseMilliseconds: number,
  ) {}

  /** Takes the lock if nobody holds it, or its holder has died; else returns after a pause. */
  async tryTake(): Promise<boolean> {
    const isTaken = await this.attempt().catch((error: unknown) => {
      const number = errorNumber(error);
      if (!lostRaces.has(number)) throw error;
      return false;
    });
    if (isTaken) this.keepRenewing();
    else await delay(pause());
    return isTaken;
  }

  /** Lets it go; a lock that was taken over by another instance stays with that one. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.renewing;
    // Where this fails the lease runs out.
    await this.write("DELETE FROM migration_lock WHERE owner = ?", [this.owner]).catch(() => undefined);
  }

  private async attempt(): Promise<boolean> {
    const held = await this.read();
    if (held === undefined) {
      await this.write("INSERT INTO migration_lock (id, owner, renewals) VALUES (1, ?, 0)", [this.owner]);
      return true;
    }
    if (!this.hasRunOut(held)) return false;
    const changed = await this.write(
      "UPDATE migration_lock SET owner = ?, renewals = 0 WHERE id = 1 AND owner = ? AND renewals = ?",
      [this.owner, held.owner, held.renewals],
    );
    return changed === 1;
  }

  private async read(): Promise<Lease | undefined> {
    const select = "SELECT owner, renewals FROM migration_lock WHERE id = 1";
    const rows = await this.dataSource.query<Lease[]>(select).catch(async (error: unknown) => {
      if (errorNumber(error) !== noSuchTable) throw error;
      await this.dataSource.query(makeTable);
      return await this.dataSource.query<Lease[]>(select);
    });
    return rows[0];
  }

  /** Whether this lease has been watched for its whole length, without a renewal. */
  private hasRunOut({ owner, renewals }: Lease): boolean {
    const isSame = this.watched?.owner === owner && this.watched.renewals === renewals;
    if (!isSame) this.watched = { owner, renewals, since: performance.now() };
    return performance.now() - (this.watched?.since ?? 0) >= this.leaseMilliseconds;
  }

  /** On another connection than the one that migrates; a renewal that fails is made up for by the next. */
  private keepRenewing(): void {
    let isUnderWay = false;
    this.timer = setInterval(() => {
      if (isUnderWay) return;
      isUnderWay = true;
      this.renewing = this.write("UPDATE migration_lock SET renewals = renewals + 1 WHERE owner = ?", [
        this.owner,
      ])
        .catch(() => undefined)
        .finally(() => (isUnderWay = false));
    }, this.leaseMilliseconds / renewalsPerLease);
  }

  /** @returns how many rows were changed */
  private async write(sql: string, parameters: readonly unknown[]): Promise<number> {
    const { affectedRows } = await this.dataSource.query<{ affectedRows: number }>(sql, [...parameters]);
    return affectedRows;
  }
}

/** Another instance was first: its row is there, or its transaction won (deadlocks, clusters' conflicts). */
const lostRaces = new Set([1062, 1205, 1213, 3101]);

const noSuchTable = 1146;

function errorNumber(error: unknown): number {
  const { errno } = (error ?? {}) as { errno?: unknown };
  return typeof errno === "number" ? errno : 0;
}
