import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** A file of the board, held in memory: all of them together are smaller than one page of sessions. */
export interface BoardFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
  /** Whether its name has a hash of its content, so that it never changes. */
  readonly isImmutable: boolean;
}

/** Where the build puts the board: beside the compiled service, as seen from src/ and from dist/. */
const builtFolder = fileURLToPath(new URL("../../dist/public/", import.meta.url));

/** The files that are pages, and where each is served. */
const pages: Readonly<Record<string, string>> = { "/index.html": "/", "/explorer.html": "/explorer" };

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/**
 * Reads the built board. @returns its files by their path, such as `/` and `/board/index-abc.js`; none where
 * it was not built
 */
export async function readBoardFiles(folder = builtFolder): Promise<ReadonlyMap<string, BoardFile>> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const known = names.filter((name) => path.extname(name) in types);
  const files = await Promise.all(
    known.map(async (name) => {
      const file = await readBoardFile(path.join(folder, name));
      const address = `/${name.replaceAll("\\", "/")}`;
      return [pages[address] ?? address, file] as const;
    }),
  );
  return new Map(files);
}

async function readBoardFile(file: string): Promise<BoardFile> {
  const body = await readFile(file);
  return {
    type: types[path.extname(file)] ?? "application/octet-stream",
    body,
    gzipped: await promisify(gzip)(body),
    etag: `"${createHash("sha256").update(body).digest("base64url")}"`,
    isImmutable: path.basename(path.dirname(file)) === "board",
  };
}
