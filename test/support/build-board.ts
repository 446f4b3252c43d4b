import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const script = "scripts/build-if-needed.mjs";

/**
 * Builds the board where it is missing or older than its sources: before all tests, because two that built it
 * at once would read each other's half.
 */
export function setup(): void {
  // scripts/mutation-check.mjs runs some tests in a copy that has no board.
  if (!existsSync(script)) return;
  const { status, stderr } = spawnSync(process.execPath, [script, "board"]);
  if (status !== 0) throw new Error(`The board could not be built: ${stderr.toString()}`);
}
