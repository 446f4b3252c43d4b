import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
/** The page that says what TiDB and Vitess take of what is sent to them. */
const list = "docs/adr/0037-stay-inside-what-clusters-take.md";

/** What is for SQLite alone, which is no cluster. */
const embedded = /\/sqlite[./-]/;
const migrations = /^src\/store\/migrations\//;

/** Classes of statements that TiDB or Vitess do not take, and where one is sent all the same. */
const refused: readonly { readonly name: string; readonly pattern: RegExp; readonly within?: RegExp }[] = [
  { name: "triggers", pattern: /\bCREATE\s+TRIGGER\b/ },
  { name: "foreign keys", pattern: /\bFOREIGN\s+KEY\b|\bREFERENCES\s+[a-z_]+\s*\(/ },
  {
    name: "stored procedures and functions",
    pattern: /\bCALL\s+[a-z_]+|\bCREATE\s+(?:PROCEDURE|FUNCTION|EVENT)\b/,
  },
  { name: "views", pattern: /\bCREATE\s+(?:OR\s+REPLACE\s+)?VIEW\b/ },
  { name: "XA", pattern: /\bXA\s+(?:START|BEGIN|END|PREPARE|COMMIT|ROLLBACK)\b/ },
  { name: "savepoints", pattern: /\bSAVEPOINT\b/ },
  { name: "user variables", pattern: /(?<![@\w])@[a-z_]+\s*:=|\bSET\s+@[a-z_]|\bINTO\s+@/ },
  { name: "temporary tables", pattern: /\bCREATE\s+TEMPORARY\b/ },
  { name: "locks of tables", pattern: /\bLOCK\s+TABLES?\b/ },
  { name: "shared locks", pattern: /\bLOCK\s+IN\s+SHARE\s+MODE\b|\bFOR\s+SHARE\b/ },
  {
    name: "SKIP LOCKED and NOWAIT",
    pattern: /\bSKIP\s+LOCKED\b|\bFOR\s+UPDATE\s+NOWAIT\b/,
    within: /^src\/store\/sql\/mysql\.dialect\.ts$/,
  },
  { name: "numbers of the server's", pattern: /\bAUTO_INCREMENT\b|\bLAST_INSERT_ID\b/ },
  { name: "REPLACE", pattern: /\bREPLACE\s+INTO\b/ },
  { name: "tables made of a SELECT", pattern: /\bCREATE\s+TABLE\b[^;(]*\bAS\s+SELECT\b/ },
  { name: "locks by name", pattern: /\b(?:GET|RELEASE|IS_FREE|IS_USED)_(?:ALL_)?LOCKS?\b/ },
  { name: "full-text indexes", pattern: /\bFULLTEXT\b/, within: migrations },
  {
    name: "full-text search",
    pattern: /\bMATCH\s*\(|\bAGAINST\b/,
    within: /^src\/store\/sql\/mysql\.dialect\.ts$/,
  },
];

interface Text {
  readonly file: string;
  readonly text: string;
}

async function read(folder: string, extension: string): Promise<Text[]> {
  const entries = await readdir(new URL(folder, root), { recursive: true });
  const files = entries.filter((name) => name.endsWith(extension)).map((name) => `${folder}${name}`);
  return await Promise.all(
    files.map(async (file) => ({ file, text: await readFile(new URL(file, root), "utf8") })),
  );
}

/** The sources that speak to servers, without their comments. */
async function readSources(): Promise<Text[]> {
  const sources = (await read("src/", ".ts")).filter(({ file }) => !embedded.test(file));
  return sources.map(({ file, text }) => ({
    file,
    text: text.replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""),
  }));
}

/** The SQL functions that a text calls. */
const functionsIn = (text: string) => new Set(text.match(/(?<![.\w])[A-Z][A-Z0-9_]+(?=\()/g));

describe("the statements for servers", () => {
  it.each(refused)("hold no $name where clusters take none", async ({ pattern, within }) => {
    const [sources, snapshots] = [await readSources(), await read("test/snapshots/sql/mysql/", ".sql")];
    expect(sources.length).toBeGreaterThan(100);
    expect(snapshots.length).toBeGreaterThan(15);
    const found = [...sources, ...snapshots].filter(({ text }) => pattern.test(text)).map(({ file }) => file);
    expect(found.filter((file) => within?.test(file) !== true)).toEqual([]);
    // An exception that nothing needs is to go.
    expect(found.length > 0).toBe(within !== undefined);
  });

  it("are SELECT, INSERT, UPDATE and DELETE only, on the core path", async () => {
    const statements = (await read("test/snapshots/sql/mysql/", ".sql")).flatMap(({ text }) =>
      text.split(/;\n/),
    );
    const verbs = new Set(statements.map((sql) => sql.trim().split(/\s/)[0]).filter((verb) => verb !== ""));
    expect([...verbs].sort()).toEqual(["INSERT", "SELECT", "UPDATE"]);
  });

  it("call no function that the list does not name", async () => {
    const named = functionsIn(await readFile(new URL(list, root), "utf8"));
    const sources = (await readSources()).filter(({ file }) => file.startsWith("src/store/"));
    const snapshots = await read("test/snapshots/sql/mysql/", ".sql");
    const called = [...sources, ...snapshots].flatMap(({ text }) => [...functionsIn(text)]);
    expect(called.length).toBeGreaterThan(20);
    expect([...new Set(called)].filter((name) => !named.has(name)).sort()).toEqual([]);
  });
});
