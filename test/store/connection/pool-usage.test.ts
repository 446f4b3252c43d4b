import { setImmediate as nextTurn } from "node:timers/promises";
import type { PoolConnection } from "mysql2";
import { expect, it } from "vitest";
import { createPool, usageOf } from "../../../src/store/connection/pool.js";

/** SQLite has no pool. */
it.runIf(process.env.TEST_DATABASE_URL)("a pool tells who uses its connections, and who waits", async () => {
  const pool = createPool({ uri: process.env.TEST_DATABASE_URL, connectionLimit: 2 });
  const taken: PoolConnection[] = [];
  for (let index = 0; index < 4; index += 1)
    pool.getConnection((error, connection) => {
      if (error === null) taken.push(connection);
    });
  expect(usageOf(pool)).toMatchObject({ size: 2, waiting: 2, acquired: 0 });
  await expect.poll(() => taken.length).toBe(2);
  expect(usageOf(pool)).toMatchObject({ inUse: 2, idle: 0, waiting: 2, acquired: 2 });
  for (let released = 0; released < 4; released += 1) {
    taken.shift()?.release();
    await nextTurn();
  }
  expect(usageOf(pool)).toMatchObject({ inUse: 0, idle: 2, waiting: 0, acquired: 4 });
  await pool.promise().end();
});
