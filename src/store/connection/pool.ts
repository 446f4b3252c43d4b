import mysql from "mysql2";

/** A connection that was used less than so many milliseconds ago is taken to be alive. */
const trusted = 500;
/** How long an idle connection may take to answer before it counts as dead, in milliseconds. */
const answerTime = 2_000;
/**
 * Milliseconds after which idle connections, but for one, are closed: before balancers and NATs forget them.
 */
const longestIdle = 60_000;
/** How long a pool stays as small as the server made it, in milliseconds. */
const shrunken = 2_000;

/** The server, or the account, has no connection left. */
export function isOutOfConnections(error: unknown): boolean {
  const { errno } = (error ?? {}) as { errno?: unknown };
  return errno === 1040 || errno === 1203 || errno === 1226;
}

/**
 * mysql2's pool, whose callers see neither what happens to idle connections nor how many the server has left:
 * - A connection that was idle is asked whether it is alive before its next use, and replaced where it is
 * not.
 * - Where the server refuses a further connection, callers wait for one of those that the pool has.
 */
export function createPool(options: mysql.PoolOptions): mysql.Pool {
  const pool = mysql.createPool(options);
  const take = pool.getConnection.bind(pool);
  const idleSince = new Map<mysql.PoolConnection, number>();
  const wait: Wait = { waiting: 0, acquired: 0, waitedMilliseconds: 0 };
  let queued = 0;
  pool.on("enqueue", () => (queued += 1));
  const open = watchOpen(pool, (connection) => idleSince.delete(connection));
  const shrink = shrinkable(pool, options.connectionLimit, open);
  const closeIdle = (milliseconds: number, kept: number) => {
    for (const [connection, since] of [...idleSince])
      if (open.size > kept && performance.now() - since >= milliseconds) connection.destroy();
  };
  pool.on("release", (connection) => idleSince.set(connection, performance.now()));
  pool.getConnection = (callback) => {
    const asked = performance.now();
    const queuedBefore = queued;
    let isQueued = false;
    take((error, connection) => {
      if (isQueued) wait.waiting -= 1;
      wait.acquired += error === null ? 1 : 0;
      const now = performance.now();
      wait.waitedMilliseconds += now - asked;
      if (error !== null) {
        if (isOutOfConnections(error) && shrink()) pool.getConnection(callback);
        else callback(error, connection);
        return;
      }
      const since = idleSince.get(connection);
      idleSince.delete(connection);
      if (since === undefined || now - since < trusted) {
        callback(null, connection);
        return;
      }
      ask(connection, (isAlive) => {
        if (isAlive) {
          callback(null, connection);
          return;
        }
        connection.destroy();
        // Whatever cut this one cut the others that were idle.
        closeIdle(trusted, 0);
        pool.getConnection(callback);
      });
    });
    // mysql2 puts a caller into its queue before this, and calls back after it; where the queue is full it
    // calls back before this.
    isQueued = queued > queuedBefore;
    if (isQueued) wait.waiting += 1;
  };
  const timer = setInterval(closeIdle, longestIdle / 4, longestIdle, 1).unref();
  const end = pool.end.bind(pool);
  pool.end = (callback) => {
    clearInterval(timer);
    end(callback);
  };
  idle.set(pool, idleSince);
  usage.set(pool, () => ({
    size: pool.config.connectionLimit ?? 0,
    inUse: open.size - idleSince.size,
    idle: idleSince.size,
    ...wait,
  }));
  return pool;
}

const idle = new WeakMap<mysql.Pool, ReadonlyMap<mysql.PoolConnection, number>>();

/** @returns none for a pool that {@link createPool} did not make */
export function idleConnections(pool: mysql.Pool): mysql.PoolConnection[] {
  return [...(idle.get(pool)?.keys() ?? [])];
}

/** Whether it answers at once; one with a statement under way does not. */
export async function isAlive(connection: mysql.PoolConnection): Promise<boolean> {
  return await new Promise((resolve) => {
    ask(connection, resolve);
  });
}

interface Wait {
  waiting: number;
  acquired: number;
  waitedMilliseconds: number;
}

/** How a pool is used now, and how long callers have waited for its connections since the start. */
export interface PoolUsage extends Readonly<Wait> {
  /** Connections that it may have. */
  readonly size: number;
  readonly inUse: number;
  readonly idle: number;
}

const usage = new WeakMap<mysql.Pool, () => PoolUsage>();

/** @returns undefined for a pool that {@link createPool} did not make */
export function usageOf(pool: mysql.Pool): PoolUsage | undefined {
  return usage.get(pool)?.();
}

/** The pool's connections that are not closed yet. */
function watchOpen(
  pool: mysql.Pool,
  onClose: (connection: mysql.PoolConnection) => void,
): ReadonlySet<mysql.PoolConnection> {
  const open = new Set<mysql.PoolConnection>();
  pool.on("connection", (connection) => {
    open.add(connection);
    const close = () => {
      open.delete(connection);
      onClose(connection);
    };
    connection.on("end", close);
    connection.on("error", close);
    const destroy = connection.destroy.bind(connection);
    connection.destroy = () => {
      close();
      destroy();
    };
  });
  return open;
}

/**
 * @returns a function that keeps the pool at its size for a while; false where there is nothing to wait for
 */
function shrinkable(pool: mysql.Pool, size: number | undefined, open: ReadonlySet<unknown>): () => boolean {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    if (open.size === 0) return false;
    pool.config.connectionLimit = open.size;
    clearTimeout(timer);
    timer = setTimeout(() => (pool.config.connectionLimit = size), shrunken).unref();
    return true;
  };
}

function ask(connection: mysql.PoolConnection, answer: (isAlive: boolean) => void): void {
  let isAnswered = false;
  const settle = (isAlive: boolean) => {
    if (isAnswered) return;
    isAnswered = true;
    clearTimeout(timer);
    answer(isAlive);
  };
  const timer = setTimeout(settle, answerTime, false);
  // Where it is alive mysql2 calls back with nothing, whatever its types say.
  connection.ping((error?: unknown) => {
    settle(error === undefined || error === null);
  });
}
