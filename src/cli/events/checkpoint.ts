import { createHash } from "node:crypto";
import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";

/** How far an import has come: everything before `offset` is stored. */
export interface Checkpoint {
  readonly line: number;
  /** The last line that was stored: from here to `offset`, and its SHA-256. */
  readonly start: number;
  readonly offset: number;
  readonly bodySha256: string;
}

const schema = z.object({
  line: z.int().min(0),
  start: z.int().min(0),
  offset: z.int().min(0),
  bodySha256: z.string().length(64),
});

/**
 * Keeps the place of a file's import in a small file beside it. It counts only for the same bytes in the same database: the last
 * line that was stored must still stand in the one and in the other. Losing it costs time only, for what is stored is a duplicate.
 */
export class CheckpointFile {
  constructor(
    private readonly imported: string,
    private readonly path: string,
  ) {}

  async read(isStored: (bodySha256: string) => Promise<boolean>): Promise<Checkpoint | undefined> {
    try {
      const checkpoint = schema.parse(JSON.parse(await readFile(this.path, "utf8")));
      const isSameFile = (await this.hashOfLine(checkpoint)) === checkpoint.bodySha256;
      return isSameFile && (await isStored(checkpoint.bodySha256)) ? checkpoint : undefined;
    } catch {
      return undefined;
    }
  }

  /** Replaced as a whole: an interruption leaves the old one or the new one. */
  async write(checkpoint: Checkpoint): Promise<void> {
    await writeFile(`${this.path}.new`, JSON.stringify(checkpoint));
    await rename(`${this.path}.new`, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private async hashOfLine({ start, offset }: Checkpoint): Promise<string> {
    const file = await open(this.imported);
    try {
      const { buffer } = await file.read(Buffer.alloc(offset - start), 0, offset - start, start);
      const line = /(?<![\r\n])[\r\n]+$/.exec(buffer.toString("latin1"))?.index ?? buffer.length;
      return createHash("sha256").update(buffer.subarray(0, line)).digest("hex");
    } finally {
      await file.close();
    }
  }
}
