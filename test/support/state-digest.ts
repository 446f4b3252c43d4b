import type { Database } from "../../src/store/database.js";
import { plainBytes } from "./plain-bytes.js";

/**
 * All projected tables as one text, row by row, so that two databases can be compared and a difference be
 * read. Left out is what depends on the receipt and not on what was said: receipt times, the ids of the
 * events that happened to say it first or last (and the order keys that end in them), and the feed, whose
 * positions follow the order of commits. The keys that rows are clustered by follow the clock: what they join
 * is told by its ids.
 */
export async function projectedState(database: Database): Promise<string> {
  const parts: string[] = [];
  const receipts = await database.read<{ at: string }>(
    "SELECT DISTINCT received_at AS at FROM webhook_events",
  );
  const receiptTimes = new Set(receipts.map(({ at }) => at));
  for (const [table, { order, without, select = `SELECT * FROM ${table}` }] of Object.entries(
    projectedTables,
  )) {
    const rows = await database.read<Record<string, unknown>>(`${select} ORDER BY ${order}`);
    for (const row of rows) {
      const kept = Object.entries(row)
        .filter(([column]) => !without.includes(column))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([column, value]) => [
          column,
          orderKeyColumns.includes(column) ? withoutReceipt(value, receiptTimes) : plain(value),
        ]);
      parts.push(`${table} ${JSON.stringify(Object.fromEntries(kept))}`);
    }
  }
  return parts.join("\n");
}

/** Texts that servers pack, as they are in a file. */
function plain(value: unknown): unknown {
  return Buffer.isBuffer(value) ? plainBytes(value) : value;
}

interface Digested {
  readonly order: string;
  readonly without: readonly string[];
  readonly select?: string;
}

const projectedTables: Record<string, Digested> = {
  sessions: { order: "id", without: ["cluster_key", "received_at", "changed_at", "analyzed_at", "look_at"] },
  agent_versions: { order: "organization_id, id", without: ["received_at"] },
  agent_version_revisions: { order: "id", without: ["received_at"] },
  messages: { order: "id", without: ["cluster_key", "received_at", "changed_at"] },
  session_messages: {
    select: `SELECT s.id AS session_id, m.id AS message_id, j.position FROM session_messages j
      LEFT JOIN sessions s ON s.cluster_key = j.session_key
      LEFT JOIN messages m ON m.cluster_key = j.message_key`,
    order: "s.id, m.id",
    without: [],
  },
  session_parties: { order: "session_id, party", without: [] },
  analyses: { order: "session_id, content_sha256", without: ["event_id", "received_at"] },
  analysis_answers: { order: "session_id, position", without: [] },
  session_terms: { order: "session_id", without: [] },
};

const orderKeyColumns = ["source", "older", "revision_source"];

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const datetime = /\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6}/g;

/** Order keys end in the event's id, and hold the receipt time of an event without a created_at. */
function withoutReceipt(value: unknown, receiptTimes: ReadonlySet<string>): unknown {
  if (typeof value !== "string") return value;
  return value.replace(uuid, "*").replace(datetime, (at) => (receiptTimes.has(at) ? "*" : at));
}
