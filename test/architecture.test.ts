import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = path.join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");

function filesBelow(folder: string, extension: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(extension))
    .map((file) => path.posix.join(folder, file.replaceAll("\\", "/")));
}

/** What each file of src imports of src, types too. */
function importsOf(files: readonly string[]): Map<string, string[]> {
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(read(file));
      const own = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith("."));
      return [
        file,
        own.map((name) => path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, ".ts")),
      ];
    }),
  );
}

/** The files on a circle that begins and ends with this one; none where there is no such circle. */
function circleFrom(file: string, imports: ReadonlyMap<string, readonly string[]>): string[] {
  const cameFrom = new Map<string, string>();
  const next = [file];
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    for (const imported of imports.get(at) ?? []) {
      if (cameFrom.has(imported)) continue;
      cameFrom.set(imported, at);
      if (imported !== file) next.push(imported);
    }
  }
  const circle: string[] = [];
  for (let at = cameFrom.get(file); at !== undefined && at !== file; at = cameFrom.get(at))
    circle.unshift(at);
  return cameFrom.has(file) ? [file, ...circle] : [];
}

/** A recipe's file, and what a command writes. */
const madeLater = ["session-transferred.event.ts", "bench/results/"];

describe("the tree", () => {
  const files = filesBelow("src", ".ts");

  it("has no circles of imports", () => {
    const imports = importsOf(files);
    expect(imports.size).toBeGreaterThan(100);
    expect(files.map((file) => circleFrom(file, imports)).filter((circle) => circle.length > 0)).toEqual([]);
  });

  it("stands in docs/ARCHITECTURE.md, each room and each file at the top", () => {
    const document = read("docs/ARCHITECTURE.md");
    const rooms = files.map((file) => {
      const [, first = "", second = "", third] = file.split("/");
      const isNested = third !== undefined && first === "store";
      return second === "" ? `src/${first}` : isNested ? `src/${first}/${second}/` : `src/${first}/`;
    });
    expect(
      [...new Set(rooms)].filter(
        (room) => !document.includes(`\`${room}\``) && room !== "src/opencc-js.d.ts",
      ),
    ).toEqual([]);
  });

  it("has no comment that is wider than 110 columns", () => {
    const all = ["bench", "board", "client", "examples", "observability", "scripts", "src", "test", "tools"]
      .flatMap((folder) => [".ts", ".tsx", ".mjs"].flatMap((extension) => filesBelow(folder, extension)))
      .filter((file) => !file.includes("node_modules") && !file.includes("/dist/"));
    const wide = all.flatMap((file) =>
      read(file)
        .split("\n")
        .filter((line) => line.length > 110 && /^\s*(?:\/\/|\/?\*)/.test(line))
        .map((line) => `${file}: ${line}`),
    );
    expect(wide).toEqual([]);
  });

  it("names only files that there are, in all documents", () => {
    const documents = [
      ...filesBelow("docs", ".md"),
      "README.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "examples/README.md",
    ];
    const broken = documents.flatMap((document) => {
      const named = read(document).matchAll(/`((?:src|test|tools|bench|examples)\/[\w./-]+)`/g);
      const links = read(document).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g);
      const linked = Array.from(links, ([, link = ""]) =>
        path.posix.join(path.posix.dirname(document), link),
      );
      return [...Array.from(named, ([, place = ""]) => place), ...linked]
        .filter((place) => !existsSync(path.join(root, place)))
        .map((place) => `${document}: ${place}`);
    });
    expect(broken.filter((text) => !madeLater.some((place) => text.endsWith(place)))).toEqual([]);
  });
});
