import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { AddedColumn, MigratedDialect } from "./added-columns.js";

const dialects: readonly MigratedDialect[] = ["mysql", "sqlite"];

/**
 * Writes a migration that adds columns, once for each dialect under one name, and lists it in both
 * `index.ts`.
 * @param folder holds a folder of migrations for each dialect
 * @param name such as `add-csat-score`
 * @param time a Unix time in milliseconds: the migration's place in their order
 * @returns the files that were written or changed
 */
export async function writeMigration(
  folder: string,
  name: string,
  time: number,
  columns: readonly AddedColumn[],
): Promise<string[]> {
  const className = `${pascalCase(name)}${time}`;
  const files: string[] = [];
  for (const dialect of dialects) {
    const file = path.join(folder, dialect, `${time}-${name}.ts`);
    await writeFile(file, migrationText(className, dialect, columns), { flag: "wx" });
    const index = path.join(folder, dialect, "index.ts");
    await writeFile(index, listed(await readFile(index, "utf8"), className, `./${time}-${name}.js`));
    files.push(file, index);
  }
  return files;
}

function pascalCase(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function migrationText(className: string, dialect: MigratedDialect, columns: readonly AddedColumn[]): string {
  const ups = columns.map(
    ({ table, column, definitions }) => `    if (!(await runner.hasColumn("${table}", "${column}")))
      await runner.query("ALTER TABLE ${table} ADD ${column} ${definitions[dialect]}");`,
  );
  const downs = columns.map(
    ({ table, column }) => `    if (await runner.hasColumn("${table}", "${column}"))
      await runner.query("ALTER TABLE ${table} DROP COLUMN ${column}");`,
  );
  return `import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Adds ${columns.map(({ table, column }) => `${table}.${column}`).join(", ")}. Stands being run again, see
 * index.ts.
 */
export class ${className} implements MigrationInterface {
  readonly name = "${className}";

  async up(runner: QueryRunner): Promise<void> {
${ups.join("\n")}
  }

  async down(runner: QueryRunner): Promise<void> {
${downs.toReversed().join("\n")}
  }
}
`;
}

/** An `index.ts` with one more migration at the end of its list. */
function listed(index: string, className: string, file: string): string {
  const imports = index.lastIndexOf("import ");
  const end = index.indexOf("\n", imports) + 1;
  const withImport = `${index.slice(0, end)}import { ${className} } from "${file}";\n${index.slice(end)}`;
  const close = withImport.lastIndexOf("]");
  if (imports < 0 || close < 0) throw new Error("index.ts has no list of migrations.");
  const list = withImport.slice(0, close).trimEnd().replace(/,$/, "");
  return `${list}, ${className}${withImport.slice(close)}`;
}
