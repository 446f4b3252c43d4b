import type { Connection, RowDataPacket } from "mysql2/promise";

/** What the measured queries ask for: values that the generated sessions have. */
export interface Samples {
  /** The organization and the agent with the most sessions. */
  readonly organizationId: string;
  readonly agentId: string;
  /** A session with 40 messages, or as many as any has. */
  readonly sessionId: string;
  /** The question and answer that most sessions share. */
  readonly answer: { readonly name: string; readonly value: string };
  /** A contact's address. */
  readonly phone: string;
  /** A word that about one session in two hundred holds, and one that about half of them hold. */
  readonly word: string;
  readonly commonWord: string;
}

/** Chosen from the templates, which are few and hold what their copies hold. */
export async function chooseSamples(templates: Connection, filled: Connection): Promise<Samples> {
  const commonest = async (column: string) =>
    (
      await first<{ value: string }>(
        templates,
        `SELECT ${column} AS value FROM sessions GROUP BY ${column} ORDER BY COUNT(*) DESC, ${column} LIMIT 1`,
      )
    ).value;
  return {
    organizationId: await commonest("organization_id"),
    agentId: await commonest("agent_id"),
    sessionId: (
      await first<{ id: string }>(
        filled,
        "SELECT id FROM sessions WHERE message_count <= 40 ORDER BY message_count DESC, id LIMIT 1",
      )
    ).id,
    answer: await first(
      templates,
      `SELECT name, string_value AS value FROM analysis_answers WHERE string_value <> ''
       GROUP BY name, string_value ORDER BY COUNT(*) DESC, name, string_value LIMIT 1`,
    ),
    phone: (
      await first<{ phone: string }>(
        filled,
        "SELECT from_address AS phone FROM messages WHERE direction = 'INBOUND' AND type = 'sms' ORDER BY created_at LIMIT 1",
      )
    ).phone,
    word: await chooseWord(templates, 1 / 200),
    commonWord: await chooseWord(templates, 1 / 2),
  };
}

/** @param share of the sessions that hold it, about */
async function chooseWord(templates: Connection, share: number): Promise<string> {
  const [rows] = await templates.query<(RowDataPacket & { terms: string })[]>(
    "SELECT terms FROM session_terms",
  );
  const counts = new Map<string, number>();
  for (const { terms } of rows) {
    for (const term of terms.trim().split(" ")) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const distance = (count: number) => Math.abs(count - rows.length * share);
  const [word] = Array.from(counts)
    .filter(([term]) => /^xx[a-pr-z]{3,}$/.test(term))
    .sort(([a, m], [b, n]) => distance(m) - distance(n) || (a < b ? -1 : 1))[0] ?? ["xx"];
  return word.slice("xx".length);
}

async function first<Row>(connection: Connection, sql: string): Promise<Row> {
  const [[row]] = await connection.query<RowDataPacket[]>(sql);
  if (row === undefined) throw new Error(`Nothing was found: ${sql}`);
  return row as Row;
}
