import { spawnSync } from "node:child_process";

/** Builds the board where it is missing or older than its sources. */
export function buildBoard(): void {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build-if-needed.mjs", "board"]);
  if (status !== 0) throw new Error(`The board could not be built: ${stderr.toString()}`);
}
