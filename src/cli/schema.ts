import "reflect-metadata";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { unnamedBreakingChanges, unreleasedPart } from "../graphql/breaking-changes.js";
import { schemaText } from "../graphql/schema-text.js";
import { createSchema, type SchemaParts } from "../graphql/schema.js";

/**
 * `npm run schema`: writes schema.graphql, the API as clients see it. `npm run schema -- --check`: fails
 * where the committed file is not what the code says, and where it breaks clients of the last release (the
 * newest tag `v…`) by what CHANGELOG.md does not name.
 */
const root = new URL("../../", import.meta.url);
const file = new URL("schema.graphql", root);
// Printing a schema calls no resolver, so it needs none of their parts.
const printed = schemaText(await createSchema({} as SchemaParts));
if (!process.argv.includes("--check")) await writeFile(file, printed);
else await check();

async function check(): Promise<void> {
  if ((await readFile(file, "utf8").catch(() => "")) !== printed)
    fail(
      "schema.graphql is not what the code says: run npm run schema, and look at what changes for clients.",
    );
  const release = git("describe", "--tags", "--match", "v*", "--abbrev=0")?.trim();
  const released = release === undefined ? undefined : git("show", `${release}:schema.graphql`);
  if (released === undefined) {
    console.log("Nothing was released yet: no change can break a client.");
    return;
  }
  const changelog = unreleasedPart(await readFile(new URL("CHANGELOG.md", root), "utf8"));
  for (const change of unnamedBreakingChanges(released, printed, changelog))
    fail(`Since ${release ?? ""}: ${change} Name it in CHANGELOG.md, under Unreleased.`);
}

function git(...command: string[]): string | undefined {
  try {
    return execFileSync("git", command, {
      cwd: fileURLToPath(root),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
}

function fail(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}
