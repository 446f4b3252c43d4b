import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SAMPLES_FOLDER = fileURLToPath(new URL("../../test/fixtures/whippy/", import.meta.url));

const SAMPLE_FILES = ["started", "ended", "analyzed"].map(
  (kind) => `conversation_agent_session.${kind}.json`,
);

/**
 * Whippy's three documented payloads, byte for byte, in the order in which Whippy sends them.
 * @throws if they were not installed beside the code.
 */
export function readSamples(folder = SAMPLES_FOLDER): Buffer[] {
  return SAMPLE_FILES.map((file) => {
    try {
      return readFileSync(`${folder}/${file}`);
    } catch (error) {
      throw new Error(
        `The documented payload ${file} cannot be read from ${folder}: --samples needs a clone of the repository.`,
        { cause: error },
      );
    }
  });
}
