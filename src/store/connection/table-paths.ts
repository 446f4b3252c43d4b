import type { DataSource } from "typeorm";

/**
 * TypeORM writes a table's path as `database.table`, and splits it at the first dot to read it again. A
 * database's name may hold dots, and the names of our tables hold none, so it is split at the last one.
 */
export function splitAtLastDot({ driver }: DataSource): void {
  const parse = driver.parseTableName.bind(driver);
  driver.parseTableName = (target) => {
    const dot = typeof target === "string" ? target.lastIndexOf(".") : -1;
    if (typeof target !== "string" || dot < 0) return parse(target);
    return { database: target.slice(0, dot), tableName: target.slice(dot + 1) };
  };
}
