import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.join(import.meta.dirname, "..");

/** These reach no client: nobody waits for the first, and the second is the reason of a dead letter. */
const internal = ["OPERATION_OVER", "NOT_UNDERSTOOD"];

/** Codes of Apollo and of Express's body parsers. */
const passedOn: Readonly<Record<string, readonly RegExp[]>> = {
  "graphql/format-error.ts": [/^ {2}"([A-Z_]+)",$/gm],
  "http/problem.ts": [/\[\s*"([A-Z_]+)",/g],
};

it("docs/API.md explains every code that the service gives, and no other", () => {
  const given = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) =>
      codesIn(file.replaceAll("\\", "/"), readFileSync(path.join(root, "src", file), "utf8")),
    );
  const document = readFileSync(path.join(root, "docs/API.md"), "utf8");
  const table = document.slice(document.indexOf("## Errors"), document.indexOf("## Lists"));
  const explained = Array.from(table.matchAll(/^\| `([A-Z_]+)`/gm), ([, code = ""]) => code);
  expect(explained.length).toBeGreaterThan(10);
  expect([...explained].sort()).toEqual(
    [...new Set(given)].filter((code) => !internal.includes(code)).sort(),
  );
});

function codesIn(file: string, text: string): string[] {
  const patterns = [/\bcode: "([A-Z_]+)"/g, ...(passedOn[file] ?? [])];
  return patterns.flatMap((pattern) => Array.from(text.matchAll(pattern), ([, code = ""]) => code));
}
