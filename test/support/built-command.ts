import { fileURLToPath } from "node:url";

const built = (path: string) => fileURLToPath(new URL(`../../dist/${path}.js`, import.meta.url));

/**
 * The service's own file, as it is built before all tests (see build.ts): it starts in a third of the time
 * that its sources take.
 */
export const builtService = built("main");

/** The file of a command such as `events`, as it is built. */
export function builtCommand(name: string): string {
  return built(`cli/${name}`);
}
