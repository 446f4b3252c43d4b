// Builds what is missing or older than its sources, so that `npm start` needs no separate build: src to dist,
// and the board to dist/public. An image without sources (or without the compiler) keeps what it has.
//   node scripts/build-if-needed.mjs [board]    the board alone where it is named
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const inRoot = (name) => path.join(root, name);
const packageOf = (name) => path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

const builds = {
  service: {
    sources: ["src", "tsconfig.json", "tsconfig.build.json", "package.json"],
    made: "dist/.tsbuildinfo",
    command: () => [path.join(packageOf("typescript"), "bin/tsc"), "-p", inRoot("tsconfig.build.json")],
  },
  board: {
    sources: [
      "board",
      "client/src",
      "src/graphql/sandbox",
      "client/package.json",
      "tsconfig.json",
      "package.json",
    ],
    made: "dist/public/index.html",
    command: () => [
      path.join(packageOf("vite"), "bin/vite.js"),
      "build",
      inRoot("board"),
      "--logLevel",
      "warn",
    ],
  },
};

function newest(entry) {
  const stat = statSync(entry);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

function isCurrent({ sources, made }) {
  if (!existsSync(inRoot(made))) return false;
  return statSync(inRoot(made)).mtimeMs >= Math.max(...sources.map((name) => newest(inRoot(name))));
}

const [only] = process.argv.slice(2);
for (const [name, build] of Object.entries(builds)) {
  if (only !== undefined && only !== name) continue;
  const hasSources = build.sources.every((source) => existsSync(inRoot(source)));
  if (!hasSources || isCurrent(build)) continue;
  const { status } = spawnSync(process.execPath, build.command(), { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
