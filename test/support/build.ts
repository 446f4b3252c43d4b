import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const script = "scripts/build-if-needed.mjs";

/**
 * Builds the commands and the board where they are missing or older than their sources: before all tests,
 * because two that built them at once would read each other's half.
 */
export function setup(): void {
  // scripts/mutation-check.mjs runs some tests in a copy that has neither.
  if (!existsSync(script)) return;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script]);
  if (status !== 0) throw new Error(`The tests need a build: ${stdout.toString()}${stderr.toString()}`);
}
