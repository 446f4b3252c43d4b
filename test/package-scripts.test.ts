import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const readPackage = async (path: string) =>
  JSON.parse(await readFile(new URL(path, root), "utf8")) as {
    readonly scripts: Record<string, string>;
    readonly dependencies?: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
    readonly bin?: string | Record<string, string>;
  };

/** The programs that npm finds for a script on every system. */
async function findPrograms(): Promise<Set<string>> {
  const { dependencies, devDependencies } = await readPackage("package.json");
  const programs = new Set(["node", "npm"]);
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const { bin } = await readPackage(`node_modules/${name}/package.json`);
    if (typeof bin === "string") programs.add(name.replace(/^@[^/]+\//, ""));
    else for (const program of Object.keys(bin ?? {})) programs.add(program);
  }
  return programs;
}

describe("the scripts of package.json", () => {
  it("run under cmd.exe as under sh: only programs that npm finds, and no syntax of one shell", async () => {
    const programs = await findPrograms();
    const { scripts } = await readPackage("package.json");
    const foreign = Object.entries(scripts).filter(([, script]) =>
      script.split(" && ").some((command) => {
        const [program = "", ...options] = command.trim().split(/ +/);
        return !programs.has(program) || options.some((option) => !/^[\w@./:=-]+$/.test(option));
      }),
    );
    expect(foreign).toEqual([]);
  });
});
