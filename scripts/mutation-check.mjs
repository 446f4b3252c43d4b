// Checks that the traits of privacy in src/model are held by the compiler and by tests. Of each property
// - the trait is removed: the compiler must refuse it;
// - a trait that means personal is made notPersonal: a test must fail.
// Works on a copy of the sources in a temporary folder. Exits with 1 where a mutant survives.
// Usage: npm run mutation-check [-- word], where only fields whose `Class.field` holds the word are mutated.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import ts from "typescript";

const root = path.dirname(import.meta.dirname);
const word = process.argv[2] ?? "";
/** The quickest first: the next one is run where it passes. */
const tests = ["test/access/every-field.test.ts", "test/access/masking.test.ts"];
const copied = [
  "src",
  "test",
  "tools",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
  "schema.graphql",
];

/** The traits of privacy in a file: whose, where they stand, and what they say. */
function traitsIn(file, text) {
  const found = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === "privacy") {
      let at = node;
      while (!ts.isPropertyDeclaration(at)) at = at.parent;
      found.push({
        file,
        field: `${at.parent.name?.text}.${at.name.getText()}`,
        start: node.getStart(),
        end: node.end,
        trait: node.initializer.getText(),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function replaced(text, { start, end }, by) {
  // What is removed goes with its comma.
  const rest = by === "" ? text.slice(end).replace(/^\s*,/, "") : text.slice(end);
  return text.slice(0, start) + by + rest;
}

/** A compiler of single files, that keeps what it knows of all others. */
function makeCompiler() {
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  // The import of a trait that is used once must not be what refuses the mutant.
  options.noUnusedLocals = false;
  const host = ts.createCompilerHost(options, true);
  const sources = new Map();
  const readSource = host.getSourceFile.bind(host);
  let mutant = { name: "", text: "" };
  host.getSourceFile = (name, ...rest) => {
    if (path.resolve(name) === mutant.name) return ts.createSourceFile(name, mutant.text, rest[0], true);
    if (!sources.has(name)) sources.set(name, readSource(name, ...rest));
    return sources.get(name);
  };
  let program;
  return (file, text) => {
    mutant = { name: path.join(root, file), text };
    program = ts.createProgram([mutant.name], options, host, program);
    const [first] = program.getSemanticDiagnostics(program.getSourceFile(mutant.name));
    return first && `TS${first.code}`;
  };
}

/** The first test that fails in the copy, by name; undefined where all pass. */
function failingTest(copy) {
  for (const file of tests) {
    const failed = failingTestOf(file, copy);
    if (failed !== undefined) return failed;
  }
  return undefined;
}

function failingTestOf(file, copy) {
  const report = path.join(copy, "report.json");
  rmSync(report, { force: true });
  const options = ["--bail=1", "--retry=0", "--maxWorkers=1", "--reporter=json", `--outputFile=${report}`];
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", ...options, file], { cwd: copy });
  if (status === 0) return undefined;
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status: result }) => result === "failed"),
  );
  return failed[0]?.fullName ?? testResults.find(({ status: result }) => result === "failed")?.message;
}

const survivors = [];

function tell({ file, field }, mutation, killedBy) {
  if (killedBy === undefined) survivors.push(field);
  console.log(`| ${file} | ${field} | ${mutation} | ${killedBy ?? "NOTHING: it survives"} |`);
}

const files = readdirSync(path.join(root, "src/model")).map((name) => `src/model/${name}`);
const texts = new Map(files.map((file) => [file, readFileSync(path.join(root, file), "utf8")]));
const traits = files
  .flatMap((file) => traitsIn(file, texts.get(file)))
  .filter(({ field }) => field.includes(word));

const copy = mkdtempSync(path.join(tmpdir(), "mutation-check-"));
try {
  for (const name of copied) cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  const compile = makeCompiler();
  const broken = files.map((file) => compile(file, texts.get(file))).find(Boolean) ?? failingTest(copy);
  if (broken !== undefined) throw new Error(`Without a mutation this fails already: ${broken}`);

  console.log("| file | field | mutation | killed by |\n|---|---|---|---|");
  for (const trait of traits)
    tell(trait, "no trait", compile(trait.file, replaced(texts.get(trait.file), trait, "")));
  for (const trait of traits.filter((each) => each.trait !== "notPersonal")) {
    const text = texts.get(trait.file);
    const imported = /\bnotPersonal\b/.test(text) ? "" : '\nimport { notPersonal } from "./privacy.js";\n';
    writeFileSync(path.join(copy, trait.file), replaced(text, trait, "privacy: notPersonal") + imported);
    tell(trait, `${trait.trait} → notPersonal`, failingTest(copy));
    writeFileSync(path.join(copy, trait.file), text);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(
  `\n${survivors.length} mutants survive${survivors.length > 0 ? `: ${survivors.join(", ")}` : "."}`,
);
process.exitCode = survivors.length > 0 ? 1 : 0;
