import { query } from "../databases.js";
import type { BoardMeasurement } from "./opened-pages.js";

const rows = ".rows li, .empty";

/** Every page of the board, the list with each filter of its bar. */
export async function measurementsOf(databaseUrl: string): Promise<BoardMeasurement[]> {
  const one = async (sql: string) => (await query<{ value: string }>(databaseUrl, sql))[0]?.value ?? "";
  const agent = await one(
    `SELECT agent_id AS value FROM (SELECT agent_id FROM sessions LIMIT 5000) s
     GROUP BY agent_id ORDER BY COUNT(*) DESC, agent_id LIMIT 1`,
  );
  const session = await one(
    "SELECT id AS value FROM sessions WHERE message_count BETWEEN 30 AND 40 ORDER BY started_at DESC LIMIT 1",
  );
  const [answer] = await query<{ name: string; value: string }>(
    databaseUrl,
    `SELECT name, string_value AS value FROM (SELECT * FROM analysis_answers LIMIT 5000) a WHERE string_value <> ''
     GROUP BY name, string_value ORDER BY COUNT(*) DESC, name, string_value LIMIT 1`,
  );
  const list = (title: string, values: Readonly<Record<string, string>>): BoardMeasurement => ({
    title: `Sessions: ${title}`,
    path: `#/sessions?${new URLSearchParams(values).toString()}`,
    shown: rows,
  });
  const period = { since: "2025-06-01", until: "2025-06-08" };
  const { name: question = "", value = "" } = answer ?? {};
  return [
    { title: "Now", path: "#/now", shown: '.figures a:not(:text("…"))' },
    { title: "Sessions", path: "#/sessions", shown: rows },
    {
      title: "Sessions: the slowest of five further pages",
      path: "#/sessions",
      shown: rows,
      click: { name: "Show older ones", times: 5 },
    },
    list("agent", { agent }),
    list("status started", { status: "STARTED" }),
    list("status ended", { status: "ENDED" }),
    list("status analyzed", { status: "ANALYZED" }),
    list("sentiment", { sentiment: "negative" }),
    list("sentiment that no session has", { sentiment: "furious" }),
    list("rating", { rating: "complete" }),
    list("a week", period),
    list("a common word", { search: "interview" }),
    list("a rare word", { search: "zanzibar" }),
    list("question", { question }),
    list("question and answer", { question, answer: value }),
    list("answer that no session has", { question, answer: "zanzibar" }),
    list("failed messages", { failed: "yes" }),
    list("a person stepped in", { person: "yes" }),
    list("a person stepped in, an agent's week", { agent, person: "yes", ...period }),
    list("agent, status, sentiment, rating, word", {
      agent,
      status: "ANALYZED",
      sentiment: "negative",
      rating: "complete",
      search: "interview",
    }),
    { title: "One session of 30 to 40 messages", path: `#/sessions/${session}`, shown: ".chat li" },
    { title: "Agents, 7 days", path: "#/agents", shown: ".agent" },
    { title: "Agents, 30 days", path: "#/agents?days=30", shown: ".agent" },
  ];
}
