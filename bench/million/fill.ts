import mysql, { type Connection, type RowDataPacket } from "mysql2/promise";

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

/** Sessions of a conversation move together, with its messages. */
const shifted = (column: string) =>
  `TIMESTAMPADD(SECOND, TIMESTAMPDIFF(SECOND, c.starts_at, '${firstStart}') +
     (((n.copy * @conversations + c.ordinal) * ${scatter}) % (@conversations * @copies)) * @step, ${column})`;

/** How one table's copies are made; `from` names the template rows `t` and their conversations `c`, if dates depend on them. */
interface CopyPlan {
  readonly table: string;
  readonly from: string;
  /** What a column holds instead of the template's value. */
  readonly values: Readonly<Record<string, string>>;
}

const plans: readonly CopyPlan[] = [
  {
    table: "sessions",
    from: "sessions t JOIN bench_conversations c ON c.id = t.conversation_id",
    values: {
      id: copiedId("t.id"),
      conversation_id: copiedId("t.conversation_id"),
      started_at: shifted("t.started_at"),
      ended_at: shifted("t.ended_at"),
      // The templates were received just now; the copies when they ended.
      analyzed_at: `IF(t.analyzed_at IS NULL, NULL, ${shifted("COALESCE(t.ended_at, t.started_at)")})`,
      created_at: shifted("t.started_at"),
      updated_at: shifted("COALESCE(t.ended_at, t.started_at)"),
    },
  },
  {
    table: "messages",
    from: "messages t JOIN bench_conversations c ON c.id = t.conversation_id",
    values: {
      id: copiedId("t.id"),
      conversation_id: copiedId("t.conversation_id"),
      created_at: shifted("t.created_at"),
      updated_at: shifted("t.updated_at"),
    },
  },
  {
    table: "session_messages",
    from: "session_messages t",
    values: { session_id: copiedId("t.session_id"), message_id: copiedId("t.message_id") },
  },
  {
    table: "analysis_answers",
    from: "analysis_answers t",
    values: { session_id: copiedId("t.session_id") },
  },
  { table: "search_texts", from: "search_texts t", values: { owner_id: copiedId("t.owner_id") } },
];

const fullTextIndex = "ft_search_texts_terms";

/**
 * Fills the tables of one database with copies of another's, which the service itself has projected from the simulator's deliveries.
 * Texts, agents and answers are the templates'; ids and instants are new. Raw events, the feed and the analyses' history stay empty.
 */
export async function fill(templates: string, target: string, sessions: number): Promise<Filled> {
  const begun = performance.now();
  const connection = await connect(templates);
  try {
    const copies = await prepare(connection, sessions);
    const name = new URL(target).pathname.slice(1);
    for (const table of ["agent_versions", "agent_version_revisions"])
      await connection.query(`INSERT INTO ${name}.${table} SELECT * FROM ${table}`);
    // One sorted build is many times faster than keeping the index row by row.
    await connection.query(`ALTER TABLE ${name}.search_texts DROP INDEX ${fullTextIndex}`);
    for (const plan of plans) await timed(plan.table, () => copy(connection, plan, name));
    await timed(fullTextIndex, () =>
      connection.query(`ALTER TABLE ${name}.search_texts ADD FULLTEXT INDEX ${fullTextIndex} (terms)`),
    );
    await connection.query(`ANALYZE TABLE ${plans.map(({ table }) => `${name}.${table}`).join(", ")}`);
    await assertWhole(connection, name, copies);
    const counted = {
      sessions: await count(connection, `${name}.sessions`),
      messages: await count(connection, `${name}.messages`),
    };
    return { ...counted, seconds: (performance.now() - begun) / 1_000 };
  } finally {
    await connection.end();
  }
}

/** Numbers the conversations of the templates and the copies to be made of them. */
async function prepare(connection: Connection, sessions: number): Promise<number> {
  // MariaDB sorts what an empty table gets and builds its indexes at once, where nothing is checked row by row.
  await connection.query("SET SESSION unique_checks = 0, foreign_key_checks = 0");
  await connection.query(
    `CREATE TABLE bench_conversations (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, ordinal BIGINT, starts_at DATETIME)
     SELECT conversation_id AS id, ROW_NUMBER() OVER (ORDER BY conversation_id) - 1 AS ordinal,
       CAST(SUBSTR(MIN(started_at), 1, 19) AS DATETIME) AS starts_at
     FROM sessions GROUP BY conversation_id`,
  );
  const copies = Math.ceil(sessions / (await count(connection, "sessions")));
  const conversations = await count(connection, "bench_conversations");
  await connection.query("CREATE TABLE bench_copies (copy BIGINT PRIMARY KEY)");
  await connection.query("INSERT INTO bench_copies VALUES ?", [
    Array.from({ length: copies }, (_, copy) => [copy]),
  ]);
  await connection.query("SET @copies = ?, @conversations = ?, @step = ?", [
    copies,
    conversations,
    Math.floor((days * 86_400) / (copies * conversations)),
  ]);
  return copies;
}

async function copy(
  connection: Connection,
  { table, from, values }: CopyPlan,
  target: string,
): Promise<void> {
  const [rows] = await connection.query<(RowDataPacket & { name: string })[]>(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
    [table],
  );
  const names = rows.map(({ name }) => name);
  const selected = names.map((name) => values[name] ?? `t.${name}`);
  await connection.query(
    `INSERT INTO ${target}.${table} (${names.join(", ")})
     SELECT ${selected.join(", ")} FROM bench_copies n STRAIGHT_JOIN ${from}`,
  );
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

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  await work();
  console.error(`${name}: ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
}

/** As the service connects. */
export async function connect(url: string): Promise<Connection> {
  const connection = await mysql.createConnection({ uri: url, timezone: "Z", dateStrings: true });
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  return connection;
}
