// Compiles src to dist when dist is missing or older than the sources, so that `npm start` needs no separate build.
// An image without sources (or without the compiler) keeps what it has.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const stamp = path.join(root, "dist", ".tsbuildinfo");

function newest(entry) {
  const stat = statSync(entry);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

const sources = ["src", "tsconfig.json", "tsconfig.build.json", "package.json"].map((name) =>
  path.join(root, name),
);
const hasSources = existsSync(sources[0]);
const isCurrent =
  existsSync(stamp) && (!hasSources || statSync(stamp).mtimeMs >= Math.max(...sources.map(newest)));
if (hasSources && !isCurrent) {
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", path.join(root, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  process.exit(status ?? 1);
}
