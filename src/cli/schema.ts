import "reflect-metadata";
import { readFile, writeFile } from "node:fs/promises";
import { lexicographicSortSchema, printSchema } from "graphql";
import { createSchema, type SchemaParts } from "../graphql/schema.js";

/**
 * `npm run schema`: writes schema.graphql, the API as clients see it. `npm run schema -- --check`: fails where the committed file is
 * not what the code says.
 */
const file = new URL("../../schema.graphql", import.meta.url);
// Printing a schema calls no resolver, so it needs none of their parts.
const schema = await createSchema({} as SchemaParts);
const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;
if (!process.argv.includes("--check")) {
  await writeFile(file, printed);
} else if ((await readFile(file, "utf8").catch(() => "")) !== printed) {
  console.error(
    "schema.graphql is not what the code says: run npm run schema, and look at what changes for clients.",
  );
  process.exitCode = 1;
}
