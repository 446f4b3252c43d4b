/** What a statement of a migration may do that the release before does not stand. */
const contracting: readonly (readonly [RegExp, string])[] = [
  [/\bDROP\b/, "drops what the release before may use"],
  [/\bRENAME\b/, "renames what the release before may use"],
  [/\b(?:CHANGE|MODIFY)\b|\bALTER\s+COLUMN\b/, "changes a column that the release before writes"],
  [
    /\bCREATE\s+UNIQUE\b|\bADD\s+(?:UNIQUE|PRIMARY)\b/,
    "demands what the release before does not take care of",
  ],
  [
    /\bADD\s+(?:CONSTRAINT|CHECK|FOREIGN)\b|\bCREATE\s+TRIGGER\b/,
    "demands what the release before does not take care of",
  ],
  [/^\s*(?:TRUNCATE|DELETE)\b/, "deletes rows that the release before may need"],
];

/**
 * What keeps an instance of the release before from working beside this one, once a statement of a migration
 * was run: an empty list where it only expands the tables. Tables that the same migration makes do not count.
 * @param made the tables that are new
 */
export function contractionsIn(statement: string, made: ReadonlySet<string> = new Set()): string[] {
  const text = withoutTexts(statement).toUpperCase();
  const table = tableOf(statement);
  if (table !== undefined && made.has(table)) return [];
  const found = contracting.filter(([pattern]) => pattern.test(text)).map(([, why]) => why);
  return [...new Set([...found, ...(addsDemandingColumn(text) ? [demanding] : [])])];
}

const demanding = "adds a column that has no value where the release before inserts a row";

/** The table that a statement makes; undefined where it makes none. */
export function madeBy(statement: string): string | undefined {
  return /^\s*CREATE\s+(?:VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[`"]?(\w+)/i.exec(statement)?.[1];
}

/** The table that a statement changes. */
function tableOf(statement: string): string | undefined {
  const changed = /^\s*(?:ALTER\s+TABLE|TRUNCATE(?:\s+TABLE)?|DELETE\s+FROM)\s+[`"]?(\w+)/i.exec(statement);
  const indexed = /^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s[\s\S]*?\sON\s+[`"]?(\w+)/i.exec(statement);
  return changed?.[1] ?? indexed?.[1];
}

/** A statement without what stands in quotes and comments. */
function withoutTexts(statement: string): string {
  return statement.replace(/'(?:[^']|'')*'|\/\*[\s\S]*?\*\/|--[^\n]*/g, "''");
}

/** ALTER TABLE … ADD of a column that is NOT NULL and has no default. */
function addsDemandingColumn(text: string): boolean {
  if (!/^\s*ALTER\s+TABLE\b/.test(text)) return false;
  return clausesOf(text).some(
    (clause) => /\bADD\b/.test(clause) && /\bNOT\s+NULL\b/.test(clause) && !/\bDEFAULT\b/.test(clause),
  );
}

/** The parts between the commas that stand in no parentheses. */
function clausesOf(text: string): string[] {
  const clauses = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (character === "," && depth === 0) clauses.push("");
    else clauses.push(`${clauses.pop() ?? ""}${character}`);
  }
  return clauses;
}
