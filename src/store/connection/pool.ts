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
  const open = watchOpen(pool, (connection) => idleSince.delete(connection));
  const shrink = shrinkable(pool, options.connectionLimit, open);
  const closeIdle = (milliseconds: number, kept: number) => {
    for (const [connection, since] of [...idleSince])
      if (open.size > kept && performance.now() - since >= milliseconds) connection.destroy();
  };
  pool.on("release", (connection) => idleSince.set(connection, performance.now()));
  pool.getConnection = (callback) => {
    take((error, connection) => {
      if (error !== null) {
        if (isOutOfConnections(error) && shrink()) pool.getConnection(callback);
        else callback(error, connection);
        return;
      }
      const since = idleSince.get(connection);
      idleSince.delete(connection);
      if (since === undefined || performance.now() - since < trusted) {
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
  };
  const timer = setInterval(closeIdle, longestIdle / 4, longestIdle, 1).unref();
  const end = pool.end.bind(pool);
  pool.end = (callback) => {
    clearInterval(timer);
    end(callback);
  };
  return pool;
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
