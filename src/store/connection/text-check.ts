import { UnavailableError } from "../../errors.js";
import type { SqlReader } from "../sql/transaction.js";

const sample = "Ünïcödé ł 漢字 😀";

/**
 * Sends a text to the server and back: a proxy in between may change a connection's character set.
 * @throws UnavailableError where it changes: everything stored would be broken
 */
export async function checkTexts(reader: SqlReader): Promise<void> {
  if (reader.dialect.isEmbedded) return;
  const [row] = await reader.read<{ text: unknown; bytes: unknown }>("SELECT ? AS text, HEX(?) AS bytes", [
    sample,
    sample,
  ]);
  const bytes = Buffer.from(sample).toString("hex").toUpperCase();
  if (row?.text !== sample || row.bytes !== bytes)
    throw new UnavailableError(
      "The database changes texts that are not ASCII: connections must have the character set utf8mb4.",
    );
}
