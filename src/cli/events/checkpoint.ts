import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { readReceiptLine } from "./receipt-line.js";

/** Where an import goes on. */
export interface Checkpoint {
  /**
   * When the import began, in milliseconds: what is still to come has its place among the lines that are
   * stored.
   */
  readonly begun: number;
  /** This line, which ends at this byte, and all before it are stored. */
  readonly line: number;
  readonly offset: number;
  /**
   * A later line that is stored, and the SHA-256 by which it is known: it was begun after the others were
   * committed, so a database that has it (a restored backup, or a replica that took over) has them too. Null
   * where no line is stored yet.
   */
  readonly proof: { readonly start: number; readonly end: number; readonly bodySha256: string } | null;
}

const schema = z.object({
  begun: z.int().min(0),
  line: z.int().min(0),
  offset: z.int().min(0),
  proof: z
    .object({ start: z.int().min(0), end: z.int().min(0), bodySha256: z.string().length(64) })
    .nullable(),
});

/**
 * Keeps the place of a file's import in a small file beside it. It counts only for the same bytes in the same
 * database: its proof must still stand in the one and in the other. Where it is lost, what is stored is a
 * duplicate, and the rest is received anew.
 */
export class CheckpointFile {
  constructor(
    private readonly imported: string,
    private readonly path: string,
  ) {}

  async read(isStored: (bodySha256: string) => Promise<boolean>): Promise<Checkpoint | undefined> {
    try {
      const checkpoint = schema.parse(JSON.parse(await readFile(this.path, "utf8")));
      const { proof } = checkpoint;
      if (proof === null) return checkpoint;
      const isSameFile = (await this.hashOfLine(proof)) === proof.bodySha256;
      return isSameFile && (await isStored(proof.bodySha256)) ? checkpoint : undefined;
    } catch {
      return undefined;
    }
  }

  /** An import that begins now; kept before its first lines are stored. */
  async begin(): Promise<Checkpoint> {
    const checkpoint = { begun: Date.now(), line: 0, offset: 0, proof: null };
    await this.write(checkpoint);
    return checkpoint;
  }

  /** Replaced as a whole: an interruption leaves the old one or the new one. */
  async write(checkpoint: Checkpoint): Promise<void> {
    await writeFile(`${this.path}.new`, JSON.stringify(checkpoint));
    await rename(`${this.path}.new`, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private async hashOfLine({ start, end }: NonNullable<Checkpoint["proof"]>): Promise<string> {
    const file = await open(this.imported);
    try {
      const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      const line = /(?<![\r\n])[\r\n]+$/.exec(buffer.toString("latin1"))?.index ?? buffer.length;
      return readReceiptLine(buffer.subarray(0, line)).bodySha256;
    } finally {
      await file.close();
    }
  }
}
