import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { writeMigration } from "../../../tools/migrations/write-migration.js";
import { presentBuild } from "./built-service.js";

const run = promisify(execFile);
const inRoot = (...names: string[]) => path.join(presentBuild, ...names);

/**
 * The last release, built: the newest tag `v…`. Where there is none, or none is known here (a shallow clone),
 * the present build stands for it.
 * @returns a folder with `dist`
 */
export async function buildLastRelease(folder: string): Promise<string> {
  const tags = ["describe", "--tags", "--match", "v*", "--abbrev=0"];
  const tag = await run("git", tags, { cwd: presentBuild }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  if (tag === undefined) return presentBuild;
  const release = path.join(folder, tag);
  await mkdir(release);
  const archive = path.join(folder, `${tag}.tar`);
  await run("git", ["archive", "--output", archive, tag], { cwd: presentBuild });
  await run("tar", ["-xf", archive, "-C", release]);
  await symlink(inRoot("node_modules"), path.join(release, "node_modules"));
  const compiler = inRoot("node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: release });
  return release;
}

/** What the next release adds to what each session's payload says. */
export const addedField = { payload: "rehearsed_rating", column: "rehearsed_rating" };

/** As docs/ARCHITECTURE.md has it for a new field, and a column that has a default. */
const additions = [
  {
    file: "events/session-schema.ts",
    after: "    chat_completion_rating: code,\n",
    add: `    ${addedField.payload}: code,\n`,
  },
  {
    file: "model/session.ts",
    after: "  readonly chatCompletionRating!: string | null;\n",
    add: `  @Property(text(255), {
    description: "Rehearsed.", privacy: notPersonal, nullable: true, payload: "${addedField.payload}", isNew: true,
  })
  readonly rehearsedRating!: string | null;\n`,
  },
  {
    file: "model/webhook-event.ts",
    after: "  readonly bodySha256!: string;\n",
    add: `  @Column(integer, { privacy: notPersonal, default: 0 })
  readonly rehearsedCount!: number;\n`,
  },
];

const columns = [
  {
    table: "sessions",
    column: addedField.column,
    definitions: {
      mysql: "varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
      sqlite: "varchar(255) NULL",
    },
  },
  {
    table: "webhook_events",
    column: "rehearsed_count",
    definitions: { mysql: "int NOT NULL DEFAULT 0", sqlite: "integer NOT NULL DEFAULT 0" },
  },
];

/**
 * A release that comes after the present build: the same with a new field of the payload, which it reads,
 * stores and serves, and with the migration that adds its column.
 * @returns a folder with `dist`
 */
export async function buildNextRelease(folder: string): Promise<string> {
  const release = path.join(folder, "next");
  const source = path.join(release, "src");
  await cp(inRoot("dist"), path.join(release, "dist"), { recursive: true });
  await cp(inRoot("src"), source, { recursive: true });
  await cp(inRoot("package.json"), path.join(release, "package.json"));
  await symlink(inRoot("node_modules"), path.join(release, "node_modules"));
  for (const { file, after, add } of additions) {
    const text = await readFile(path.join(source, file), "utf8");
    if (!text.includes(after)) throw new Error(`src/${file} has no line ${after.trim()} any more.`);
    await writeFile(path.join(source, file), text.replace(after, `${after}${add}`));
  }
  const migrations = path.join(source, "store", "migrations");
  const written = await writeMigration(migrations, "add-rehearsed", Date.now(), columns);
  const changed = additions.map(({ file }) => path.join(source, file));
  for (const file of [...changed, ...written]) await compile(release, path.relative(source, file));
  return release;
}

async function compile(release: string, file: string): Promise<void> {
  const { options } = ts.convertCompilerOptionsFromJson(
    ts.readConfigFile(inRoot("tsconfig.json"), (name) => ts.sys.readFile(name)).config.compilerOptions,
    presentBuild,
  );
  const text = await readFile(path.join(release, "src", file), "utf8");
  const compilerOptions = { ...options, noEmit: false, module: ts.ModuleKind.ESNext };
  const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: file });
  await writeFile(path.join(release, "dist", file.replace(/\.ts$/, ".js")), outputText);
}
