import mysql, { type Connection, type RowDataPacket } from "mysql2/promise";
import { listedMessages } from "../../src/store/sql/listing.js";

/** How many rows a filled database holds, and how long it took. */
export interface Filled {
  readonly sessions: number;
  readonly messages: number;
  readonly seconds: number;
}

/** All copies together start within a year. */
const days = 365;
const firstStart = "2025-01-01 00:00:00";

/** A prime: multiplying by it scatters neighbouring copies over the year, the same way in every run. */
const scatter = 2_654_435_761;

/** Ids of copies: the copy's number in front, the rest of the template's id behind it. */
const copiedId = (column: string) => `CONCAT(LPAD(LOWER(HEX(n.copy)), 8, '0'), SUBSTR(${column}, 9))`;

/** Templates are stored within an hour. Copies come before them: what is stored later has greater keys. */
const copiedKey = (column: string) => `(${column} - (@copies - n.copy) * ${3_600_000 * 4_096})`;

/** Sessions of a conversation move together, with its messages. */
const shifted = (column: string) =>
  `TIMESTAMPADD(SECOND, TIMESTAMPDIFF(SECOND, c.starts_at, '${firstStart}') +
     (((n.copy * @conversations + c.ordinal) * ${scatter}) % (@conversations * @copies)) * @step, ${column})`;

/**
 * How one table's copies are made; `from` names the template rows `t` and their conversations `c`, if dates
 * depend on them.
 */
interface CopyPlan {
  readonly table: string;
  readonly from: string;
  /** What a column holds instead of the template's value. */
  readonly values: Readonly<Record<string, string>>;
}

/** What takes longest comes first, so that both connections end at about the same time. */
const plans: readonly CopyPlan[] = [
  {
    table: "messages",
    from: "messages t JOIN bench_conversations c ON c.id = t.conversation_id",
    values: {
      id: copiedId("t.id"),
      cluster_key: copiedKey("t.cluster_key"),
      conversation_id: copiedId("t.conversation_id"),
      created_at: shifted("t.created_at"),
      updated_at: shifted("t.updated_at"),
      // Each copy is held with another person.
      contact_id: copiedId("t.contact_id"),
      from_address: "IF(t.direction = 'INBOUND', CONCAT(t.from_address, n.copy), t.from_address)",
      to_address: "IF(t.direction = 'INBOUND', t.to_address, CONCAT(t.to_address, n.copy))",
    },
  },
  { table: "session_terms", from: "session_terms t", values: { session_id: copiedId("t.session_id") } },
  {
    table: "sessions",
    from: "sessions t JOIN bench_conversations c ON c.id = t.conversation_id",
    values: {
      id: copiedId("t.id"),
      cluster_key: copiedKey("t.cluster_key"),
      conversation_id: copiedId("t.conversation_id"),
      started_at: shifted("t.started_at"),
      ended_at: shifted("t.ended_at"),
      // The templates were received just now; the copies when they ended.
      analyzed_at: `IF(t.analyzed_at IS NULL, NULL, ${shifted("COALESCE(t.ended_at, t.started_at)")})`,
      received_at: shifted("t.started_at"),
      changed_at: shifted("COALESCE(t.ended_at, t.started_at)"),
    },
  },
  {
    table: "session_messages",
    from: "session_messages t",
    values: { session_key: copiedKey("t.session_key"), message_key: copiedKey("t.message_key") },
  },
  {
    table: "session_parties",
    from: `(SELECT p.session_id, p.party, MAX(COALESCE(m.contact_id = p.party, FALSE)) AS is_contact,
              MAX(COALESCE(IF(m.direction = 'INBOUND', m.from_address, m.to_address) = p.party, FALSE)) AS is_theirs
            FROM ${listedMessages} JOIN session_parties p ON p.session_id = s.id GROUP BY p.session_id, p.party) t`,
    values: {
      session_id: copiedId("t.session_id"),
      party: `CASE WHEN t.is_contact THEN ${copiedId("t.party")} WHEN t.is_theirs THEN CONCAT(t.party, n.copy) ELSE t.party END`,
    },
  },
  {
    table: "analysis_answers",
    from: "analysis_answers t",
    values: { session_id: copiedId("t.session_id") },
  },
  {
    table: "analyses",
    from: "analyses t JOIN sessions s ON s.id = t.session_id JOIN bench_conversations c ON c.id = s.conversation_id",
    values: {
      session_id: copiedId("t.session_id"),
      event_id: copiedId("t.event_id"),
      event_created_at: shifted("COALESCE(s.ended_at, s.started_at)"),
      received_at: shifted("COALESCE(s.ended_at, s.started_at)"),
    },
  },
];

/** Statements that one table's copies are made in: each says on stderr how far it is. */
const steps = 10;

/**
 * Fills the tables of one database with copies of another's, which the service itself has projected from the
 * simulator's deliveries. Texts, agents and answers are the templates'; ids and instants are new. Raw events
 * and the feed stay empty. Rows come in about the order of their keys, and indexes are built afterwards,
 * sorted: keeping them row by row takes many times as long once they are larger than memory.
 */
export async function fill(templates: string, target: string, sessions: number): Promise<Filled> {
  const begun = performance.now();
  const say = (text: string) => {
    console.error(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(5)} s  ${text}`);
  };
  const connections = [await connect(templates), await connect(templates)] as const;
  const [connection] = connections;
  try {
    const copies = await numberTemplates(connection, sessions);
    const name = new URL(target).pathname.slice(1);
    for (const table of ["agent_versions", "agent_version_revisions"])
      await connection.query(`INSERT INTO ${name}.${table} SELECT * FROM ${table}`);
    const left = [...plans];
    const work = async (own: Connection) => {
      await setVariables(own, copies);
      for (let plan = left.shift(); plan; plan = left.shift())
        await fillTable(own, plan, { name, copies, say });
    };
    await Promise.all(connections.map(work));
    await connection.query(`ANALYZE TABLE ${plans.map(({ table }) => `${name}.${table}`).join(", ")}`);
    await assertWhole(connection, name, copies);
    const counted = {
      sessions: await count(connection, `${name}.sessions`),
      messages: await count(connection, `${name}.messages`),
    };
    return { ...counted, seconds: (performance.now() - begun) / 1_000 };
  } finally {
    for (const own of connections) await own.end();
  }
}

/**
 * Numbers the conversations of the templates and the copies to be made of them.
 * @returns how many copies
 */
async function numberTemplates(connection: Connection, sessions: number): Promise<number> {
  await connection.query(
    `CREATE TABLE bench_conversations (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, ordinal BIGINT, starts_at DATETIME)
     SELECT conversation_id AS id, ROW_NUMBER() OVER (ORDER BY conversation_id) - 1 AS ordinal,
       CAST(SUBSTR(MIN(started_at), 1, 19) AS DATETIME) AS starts_at
     FROM sessions GROUP BY conversation_id`,
  );
  const copies = Math.ceil(sessions / (await count(connection, "sessions")));
  await connection.query("CREATE TABLE bench_copies (copy BIGINT PRIMARY KEY)");
  await connection.query("INSERT INTO bench_copies VALUES ?", [
    Array.from({ length: copies }, (_, copy) => [copy]),
  ]);
  return copies;
}

/** Makes ready a connection that copies. */
async function setVariables(connection: Connection, copies: number): Promise<void> {
  await connection.query("SET SESSION unique_checks = 0, foreign_key_checks = 0");
  const conversations = await count(connection, "bench_conversations");
  await connection.query("SET @copies = ?, @conversations = ?, @step = ?", [
    copies,
    conversations,
    Math.floor((days * 86_400) / (copies * conversations)),
  ]);
}

interface Target {
  /** The database. */
  readonly name: string;
  readonly copies: number;
  readonly say: (text: string) => void;
}

async function fillTable(connection: Connection, plan: CopyPlan, target: Target): Promise<void> {
  const { table } = plan;
  const { name, copies, say } = target;
  const indexes = await indexesOf(connection, `${name}.${table}`);
  const alter = async (changes: readonly string[]) => {
    if (changes.length > 0) await connection.query(`ALTER TABLE ${name}.${table} ${changes.join(", ")}`);
  };
  await alter(indexes.map((index) => `DROP INDEX ${index.name}`));
  const insert = await copyStatement(connection, plan, name);
  for (let step = 0; step < steps; step += 1) {
    const [from, to] = [step, step + 1].map((part) => Math.floor((copies * part) / steps));
    await connection.query(insert, [from, to]);
    say(`${table}: ${((step + 1) * 100) / steps} %`);
  }
  await alter(indexes.map(({ definition }) => `ADD ${definition}`));
  say(`${table}: ${indexes.length} indexes built`);
}

/** All but the primary key, as the table's definition spells them. */
async function indexesOf(
  connection: Connection,
  table: string,
): Promise<{ name: string; definition: string }[]> {
  const [[row]] = await connection.query<(RowDataPacket & { "Create Table": string })[]>(
    `SHOW CREATE TABLE ${table}`,
  );
  const definitions = (row?.["Create Table"] ?? "").matchAll(
    /^ *((?:UNIQUE |FULLTEXT )?KEY (`\w+`) .*?),?$/gm,
  );
  return Array.from(definitions, ([, definition = "", name = ""]) => ({ name, definition }));
}

/** Makes the copies whose numbers lie between two. */
async function copyStatement(
  connection: Connection,
  { table, from, values }: CopyPlan,
  target: string,
): Promise<string> {
  const [rows] = await connection.query<(RowDataPacket & { name: string })[]>(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
    [table],
  );
  const names = rows.map(({ name }) => name);
  const selected = names.map((name) => values[name] ?? `t.${name}`);
  return `INSERT INTO ${target}.${table} (${names.join(", ")})
     SELECT ${selected.join(", ")} FROM bench_copies n STRAIGHT_JOIN ${from} WHERE n.copy >= ? AND n.copy < ?`;
}

/** Every copy of every template row must be there, or the figures mean little. */
async function assertWhole(connection: Connection, target: string, copies: number): Promise<void> {
  for (const { table } of plans) {
    const expected = (await count(connection, table)) * copies;
    const found = await count(connection, `${target}.${table}`);
    if (found !== expected) throw new Error(`${table} holds ${found} rows instead of ${expected}.`);
  }
}

async function count(connection: Connection, table: string): Promise<number> {
  const [[row]] = await connection.query<(RowDataPacket & { count: number })[]>(
    `SELECT COUNT(*) AS count FROM ${table}`,
  );
  return row?.count ?? 0;
}

/** As the service connects. */
export async function connect(url: string): Promise<Connection> {
  const connection = await mysql.createConnection({ uri: url, timezone: "Z", dateStrings: true });
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  return connection;
}
