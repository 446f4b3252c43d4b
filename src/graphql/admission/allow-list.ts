import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigurationError, NotAllowedOperationError } from "../../errors.js";

/** What `generate-persisted-query-manifest` of Apollo Client writes. */
const manifest = z.object({
  format: z.literal("apollo-persisted-query-manifest"),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string(), body: z.string() })),
});

/**
 * The only operations that are served, by the SHA-256 (hex) of their text: for services that a public front
 * end talks to.
 */
export class AllowList {
  /**
   * @param texts by their hashes, where they are known: a client that names the hash alone is served these
   */
  constructor(
    private readonly hashes: ReadonlySet<string>,
    private readonly texts: Map<string, string> = new Map(),
  ) {}

  /**
   * Reads a manifest of Apollo Client, or a file with one hash a line, where empty lines and what follows a
   * `#` do not count.
   * @throws ConfigurationError where it cannot be read, or a line is no hash, or an id not that of its
   * operation
   */
  static fromFile(file: string): AllowList {
    const text = readText(file);
    return text.trimStart().startsWith("{") ? AllowList.fromManifest(text) : AllowList.fromHashes(text);
  }

  private static fromManifest(text: string): AllowList {
    const operations = readManifest(text);
    const wrong = operations.findIndex(({ id, body }) => id !== hashOf(body));
    if (wrong >= 0)
      throw new ConfigurationError([
        `GRAPHQL_ALLOW_LIST: operations.${wrong}.id must be the SHA-256 of its body in hexadecimal`,
      ]);
    const texts = new Map(operations.map(({ id, body }) => [id, body]));
    return new AllowList(new Set(texts.keys()), texts);
  }

  private static fromHashes(text: string): AllowList {
    const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim().toLowerCase());
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
    if (!this.hashes.has(hashOf(query))) throw new NotAllowedOperationError();
  }

  /** A listed operation's text, where the list has it or {@link remember} was told. */
  textOf(hash: string): string | undefined {
    return this.texts.get(hash);
  }

  /** Keeps a text for those who name its hash alone; the list bounds how many there are. */
  remember(query: string): void {
    const hash = hashOf(query);
    if (this.hashes.has(hash)) this.texts.set(hash, query);
  }
}

function hashOf(query: string): string {
  return createHash("sha256").update(query).digest("hex");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new ConfigurationError(["GRAPHQL_ALLOW_LIST: the file cannot be read"]);
  }
}

function readManifest(text: string) {
  try {
    return manifest.parse(JSON.parse(text)).operations;
  } catch {
    throw new ConfigurationError(["GRAPHQL_ALLOW_LIST: must be hashes, or a manifest of persisted queries"]);
  }
}
