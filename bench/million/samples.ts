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
  /** A word that about one session in two hundred holds. */
  readonly word: string;
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
    word: await chooseWord(templates),
  };
}

async function chooseWord(templates: Connection): Promise<string> {
  const [rows] = await templates.query<(RowDataPacket & { terms: string })[]>(
    "SELECT terms FROM session_terms",
  );
  const counts = new Map<string, number>();
  for (const { terms } of rows) {
    for (const term of terms.trim().split(" ")) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const distance = (count: number) => Math.abs(count - rows.length / 200);
  const [word] = Array.from(counts)
    .filter(([term]) => /^xx[a-pr-z]{6,}$/.test(term))
    .sort(([a, m], [b, n]) => distance(m) - distance(n) || (a < b ? -1 : 1))[0] ?? ["xx"];
  return word.slice("xx".length);
}

async function first<Row>(connection: Connection, sql: string): Promise<Row> {
  const [[row]] = await connection.query<RowDataPacket[]>(sql);
  if (row === undefined) throw new Error(`Nothing was found: ${sql}`);
  return row as Row;
}
