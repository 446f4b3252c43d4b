import type { ClassType } from "type-graphql";
import type { Scrubber } from "../../events/identifiers.js";
import { AgentVersionRevision } from "../../model/agent-version.js";
import { Analysis, StoredAnswer } from "../../model/analysis.js";
import { type Property, propertiesOf, tableTraitsOf } from "../../model/declare.js";
import { Expectation } from "../../model/expectation.js";
import { unpackedText } from "../../model/kinds.js";
import { Message } from "../../model/message.js";
import { packAtOnce } from "../../model/packed.js";
import { Session } from "../../model/session.js";
import type { Database } from "../database.js";
import { changeContentsMark } from "../service-settings.js";
import { listing } from "../sql/listing.js";
import { agentVersionRevisions, analyses } from "../sql/tables.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import { rehashAnalyses } from "../writers/analysis.writer.js";
import { refreshSession } from "../writers/listed-messages.js";
import { scanRows } from "./scan-rows.js";

/** A table with texts that people wrote, or that were written of them. */
interface TextTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly texts: readonly string[];
  /** Columns of JSON text, or of numbers. */
  readonly json: readonly string[];
  /** Which sessions' words are of these texts: a statement with the row's key for parameters. */
  readonly searchedBy?: string;
}

const textTables: readonly TextTable[] = [
  { ...textTable(Session), searchedBy: "SELECT id FROM sessions WHERE id = ?" },
  {
    ...textTable(Message),
    searchedBy: `SELECT s.id FROM ${listing} WHERE j.message_key = ? ORDER BY s.id`,
  },
  textTable(Analysis),
  textTable(StoredAnswer),
  textTable(AgentVersionRevision),
  textTable(Expectation),
];

function textTable(type: ClassType): TextTable {
  const columns = (isMeant: (property: Property) => boolean) =>
    propertiesOf(type)
      .filter(isMeant)
      .map(({ column }) => column);
  return {
    table: tableTraitsOf(type).table,
    key: columns(({ traits }) => traits.primary === true),
    texts: columns(({ traits }) => traits.privacy.scrubbed === "text"),
    json: columns(({ traits }) => traits.privacy.scrubbed === "json"),
  };
}

type TextRow = Record<string, string | number | Buffer | null>;

/** Removes what a scrubber looks for from all texts that are stored. @returns how many rows were changed */
export async function scrubTexts(database: Database, scrubber: Scrubber): Promise<number> {
  let count = 0;
  for (const table of textTables) {
    const columns = [...table.texts, ...table.json].join(", ");
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
  if (table === agentVersionRevisions.name) await changeContentsMark(transaction);
  if (table === analyses.name) await rehashAnalyses(transaction, String(row.session_id));
  if (searchedBy === undefined) return;
  for (const { id } of await transaction.query<{ id: string }>(
    searchedBy,
    key.map((name) => row[name] ?? null),
  ))
    await refreshSession(transaction, id);
}

function changesOf(row: TextRow, { texts, json }: TextTable, scrubber: Scrubber): [string, SqlValue][] {
  const changes: [string, SqlValue][] = [];
  for (const name of texts) {
    const value = row[name];
    if (typeof value !== "string" && !Buffer.isBuffer(value)) continue;
    const text = unpackedText(value);
    const scrubbed = scrubber.scrubText(text);
    if (scrubbed === text) continue;
    changes.push([name, Buffer.isBuffer(value) ? packAtOnce(Buffer.from(scrubbed)) : scrubbed]);
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
