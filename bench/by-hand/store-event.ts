import type { Pool, PoolConnection, ResultSetHeader } from "mysql2/promise";
import type { SimulatedEnvelope } from "../../tools/simulate/payload.js";
import {
  datetime,
  eventColumns,
  messageColumns,
  type Received,
  rowOf,
  sessionColumns,
  versionColumns,
} from "./rows.js";

const deadlock = 1213;
const lockWaitTimeout = 1205;
const mostAttempts = 6;

const insertEvent = `INSERT IGNORE ${into("webhook_events", eventColumns)} VALUES (${marks(eventColumns)})`;
const upsertVersion = `INSERT ${into("agent_versions", versionColumns)} VALUES (${marks(versionColumns)})
  ON DUPLICATE KEY UPDATE ${overwriteAll(versionColumns, ["id"])}`;
const upsertSession = `INSERT ${into("sessions", sessionColumns)} VALUES (${marks(sessionColumns)})
  ON DUPLICATE KEY UPDATE ${mergeByPhase(["id", "received_at", "phase"])}, phase = GREATEST(phase, VALUES(phase))`;
const upsertMessages = `INSERT ${into("messages", messageColumns)} VALUES ?
  ON DUPLICATE KEY UPDATE ${overwriteAll(messageColumns, ["session_id", "created_at", "id"])}`;

/**
 * Agent versions as this process last wrote them, by id: they are few, and an equal one is not written again.
 */
const written = new Map<string, string>();

/**
 * Stores a delivery in one transaction: repeated where the database ended it for another's sake, and without
 * effect where it came before.
 */
export async function storeEvent(pool: Pool, envelope: SimulatedEnvelope): Promise<"stored" | "duplicate"> {
  const received = { envelope, data: envelope.data, receivedAt: datetime(new Date().toISOString()) };
  const connection = await pool.getConnection();
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await store(connection, received);
      } catch (error) {
        await connection.query("ROLLBACK");
        const { errno } = error as { errno?: number };
        if ((errno !== deadlock && errno !== lockWaitTimeout) || attempt === mostAttempts) throw error;
      }
    }
  } finally {
    connection.release();
  }
}

async function store(connection: PoolConnection, received: Received): Promise<"stored" | "duplicate"> {
  const { agent_version: version, id: sessionId, messages } = received.data;
  await connection.query("BEGIN");
  const [{ affectedRows }] = await connection.execute<ResultSetHeader>(
    insertEvent,
    rowOf(eventColumns, received),
  );
  if (affectedRows === 0) {
    await connection.query("ROLLBACK");
    return "duplicate";
  }
  const versionRow = rowOf(versionColumns, version);
  const content = JSON.stringify(versionRow);
  if (written.get(version.id) !== content) await connection.execute(upsertVersion, versionRow);
  await connection.execute(upsertSession, rowOf(sessionColumns, received));
  if (messages.length > 0) {
    const rows = messages.map((message) => rowOf(messageColumns, { sessionId, message }));
    await connection.query(upsertMessages, [rows]);
  }
  await connection.query("COMMIT");
  written.set(version.id, content);
  return "stored";
}

function into(table: string, columns: object): string {
  return `INTO ${table} (${Object.keys(columns).join(", ")})`;
}

function marks(columns: object): string {
  return Object.keys(columns)
    .map(() => "?")
    .join(", ");
}

function overwriteAll(columns: object, key: readonly string[]): string {
  return Object.keys(columns)
    .filter((name) => !key.includes(name))
    .map((name) => `${name} = VALUES(${name})`)
    .join(", ");
}

/** What a later event says counts, unless it says nothing; an earlier one fills what is unknown. */
function mergeByPhase(others: readonly string[]): string {
  return Object.keys(sessionColumns)
    .filter((name) => !others.includes(name))
    .map(
      (name) =>
        `${name} = IF(VALUES(phase) >= phase, COALESCE(VALUES(${name}), ${name}), COALESCE(${name}, VALUES(${name})))`,
    )
    .join(", ");
}
