import type { Scrubber } from "../../events/identifiers.js";
import type { Database, SqlValue, Transaction } from "../database.js";
import { retell } from "../writers/listed-messages.js";
import { scanRows } from "./scan-rows.js";

/** A table with texts that people wrote, or that were written of them. */
interface TextTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly texts: readonly string[];
  /** Columns of JSON text. */
  readonly json?: readonly string[];
  /** Which sessions' words are of these texts: a statement with the row's id for parameter. */
  readonly searchedBy?: string;
}

const textTables: readonly TextTable[] = [
  {
    table: "sessions",
    key: ["id"],
    texts: ["chat_summary", "chat_transcript", "translated_chat_transcript"],
    json: ["custom_analysis_data"],
    searchedBy: "SELECT id FROM sessions WHERE id = ?",
  },
  {
    table: "messages",
    key: ["id"],
    texts: ["body", "translated_body", "from_address", "to_address"],
    json: ["attachments", "metadata"],
    searchedBy: "SELECT session_id AS id FROM session_messages WHERE message_id = ? ORDER BY session_id",
  },
  {
    table: "analyses",
    key: ["session_id", "content_sha256"],
    texts: ["chat_summary"],
    json: ["custom_analysis_data"],
  },
  {
    table: "analysis_answers",
    key: ["session_id", "position"],
    texts: ["name", "string_value", "string_prefix"],
    json: ["number_value"],
  },
  {
    table: "agent_version_revisions",
    key: ["id"],
    texts: ["name", "description"],
    json: ["provider_settings"],
  },
];

type TextRow = Record<string, string | number | null>;

/** Removes what a scrubber looks for from all texts that are stored. @returns how many rows were changed */
export async function scrubTexts(database: Database, scrubber: Scrubber): Promise<number> {
  let count = 0;
  for (const table of textTables) {
    const columns = [...table.texts, ...(table.json ?? [])].join(", ");
    for await (const rows of scanRows<TextRow>(database, { ...table, columns })) {
      for (const row of rows) {
        const changes = changesOf(row, table, scrubber);
        if (changes.length === 0) continue;
        await database.transaction((transaction) => rewrite(transaction, table, row, changes));
        count += 1;
      }
    }
  }
  return count;
}

async function rewrite(
  transaction: Transaction,
  { table, key, searchedBy }: TextTable,
  row: TextRow,
  changes: readonly [string, SqlValue][],
): Promise<void> {
  await transaction.execute(
    `UPDATE ${table} SET ${changes.map(([name]) => `${name} = ?`).join(", ")}
     WHERE ${key.map((name) => `${name} = ?`).join(" AND ")}`,
    [...changes.map(([, value]) => value), ...key.map((name) => row[name] ?? null)],
  );
  if (searchedBy === undefined) return;
  for (const { id } of await transaction.query<{ id: string }>(searchedBy, [row.id ?? null]))
    await retell(transaction, id);
}

function changesOf(row: TextRow, { texts, json = [] }: TextTable, scrubber: Scrubber): [string, SqlValue][] {
  const changes: [string, SqlValue][] = [];
  for (const name of texts) {
    const value = row[name];
    if (typeof value !== "string") continue;
    const scrubbed = scrubber.scrubText(value);
    if (scrubbed !== value) changes.push([name, scrubbed]);
  }
  for (const name of json) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    const parsed: unknown = typeof value === "string" ? JSON.parse(value) : value;
    if (scrubber.finds(parsed)) changes.push([name, asText(scrubber.scrub(parsed))]);
  }
  return changes;
}

function asText(value: unknown): SqlValue {
  return value === null ? null : JSON.stringify(value);
}
