import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigurationError, NotAllowedOperationError } from "../errors.js";

/** The only operations that are served, by the SHA-256 (hex) of their text: for services that a public front end talks to. */
export class AllowList {
  constructor(private readonly hashes: ReadonlySet<string>) {}

  /**
   * Reads a file with one hash a line; empty lines and what follows a `#` do not count.
   * @throws ConfigurationError where it cannot be read or a line is no hash
   */
  static fromFile(file: string): AllowList {
    const lines = readLines(file).map((line) => line.replace(/#.*/, "").trim().toLowerCase());
    const hashes = lines.filter((line) => line !== "");
    const wrong = lines.findIndex((line) => line !== "" && !/^[0-9a-f]{64}$/.test(line));
    if (wrong >= 0)
      throw new ConfigurationError([
        `GRAPHQL_ALLOW_LIST: line ${wrong + 1} must be a SHA-256 in hexadecimal`,
      ]);
    return new AllowList(new Set(hashes));
  }

  /** @throws NotAllowedOperationError */
  demand(query: string): void {
    const hash = createHash("sha256").update(query).digest("hex");
    if (!this.hashes.has(hash)) throw new NotAllowedOperationError();
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    throw new ConfigurationError(["GRAPHQL_ALLOW_LIST: the file cannot be read"]);
  }
}
