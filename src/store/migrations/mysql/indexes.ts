import type { QueryRunner } from "typeorm";

/** The columns of each index, by its name; none for an index that there shall not be. */
export type Indexes = Readonly<Record<string, string | undefined>>;

/**
 * Gives a table these indexes, and leaves its others alone. Stands being done again, for it asks which of them are there: MySQL, other
 * than MariaDB, knows no ADD INDEX IF NOT EXISTS.
 */
export async function setIndexes(runner: QueryRunner, table: string, indexes: Indexes): Promise<void> {
  const rows = (await runner.query(
    `SELECT index_name AS indexName, column_name AS columnName FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = ? ORDER BY index_name, seq_in_index`,
    [table],
  )) as { indexName: string; columnName: string }[];
  const present = new Map<string, string[]>();
  for (const { indexName, columnName } of rows)
    present.set(indexName, [...(present.get(indexName) ?? []), columnName]);
  const changes = Object.entries(indexes).flatMap(([name, columns]) => {
    const current = present.get(name)?.join(", ");
    if (current === columns) return [];
    return [
      ...(current === undefined ? [] : [`DROP INDEX ${name}`]),
      ...(columns === undefined ? [] : [`ADD INDEX ${name} (${columns})`]),
    ];
  });
  if (changes.length > 0) await runner.query(`ALTER TABLE ${table} ${changes.join(", ")}`);
}
