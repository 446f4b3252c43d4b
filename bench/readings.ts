import { isDeepStrictEqual } from "node:util";
import { listedMessages } from "../src/store/sql/listing.js";
import { query } from "./databases.js";
import type { ReadRequest } from "./load-order.js";
import { type Server, type SystemName, systemNames } from "./processes.js";
import { listed, listQuery, mostMessages } from "./workload.js";

/** One question that all systems are asked. */
export interface Reading {
  readonly title: string;
  readonly requests: Readonly<Record<SystemName, ReadRequest>>;
  /** A column that each row of the answer names once, and how many rows there are. */
  readonly marker: string;
  readonly rows: number;
  /** The bare server answers with the service's bytes, and not with rows. */
  readonly sameBytes?: true;
}

export type Servers = Readonly<Record<SystemName, Server>>;

const pageLength = 20;
const sentiment = "negative";

const sessionFields = `id status startedAt endedAt endedReason chatCompletionRating chatSummary userSentiment
  agentVersion { name }`;
const pageFields = `{ nodes { ${sessionFields} } pageInfo { hasNextPage endCursor } }`;
const filteredQuery = {
  service: `query Filtered($first: Int, $filter: SessionFilter) { sessions(first: $first, filter: $filter) ${pageFields} }`,
  "by-hand": `query Filtered($first: Int!, $agentId: ID, $sentiment: String) {
    sessions(first: $first, agentId: $agentId, sentiment: $sentiment) ${pageFields}
  }`,
};
const pageQuery = `query Page($first: Int!, $after: String) { sessions(first: $first, after: $after) ${pageFields} }`;
const sessionQuery = `query One($id: ID!) {
  session(id: $id) { ${sessionFields} customAnalysisData messages { nodes { id body direction createdAt } } }
}`;

const selectSessions = `SELECT STRAIGHT_JOIN s.id, s.lifecycle, s.started_at AS startedAt, s.ended_at AS endedAt,
  s.ended_reason AS endedReason, s.chat_completion_rating AS chatCompletionRating, s.chat_summary AS chatSummary,
  s.user_sentiment AS userSentiment, s.custom_analysis_data AS customAnalysisData, r.name
  FROM sessions s JOIN agent_version_revisions r ON r.id = s.revision_id`;
const newestFirst = "ORDER BY s.started_at DESC, s.id DESC LIMIT ?";
const selectMessages = `SELECT m.id, m.body, m.direction, m.created_at AS createdAt
  FROM ${listedMessages} WHERE s.id = ? ORDER BY m.created_at, m.id`;

/**
 * The questions of the table, about the sessions that service and by-hand server both hold.
 * @param url of the service's database
 */
export async function chooseReadings(servers: Servers, url: string, sessions: number): Promise<Reading[]> {
  const page = Math.min(500, Math.floor(sessions / pageLength));
  const list = graphql(listQuery, { first: listed.sessions });
  return [
    {
      title: `${listed.sessions} sessions × ${listed.messages} messages, with version`,
      requests: { service: list, "by-hand": list, bare: list },
      marker: '"direction"',
      rows: listed.sessions * listed.messages,
      sameBytes: true,
    },
    await filteredPage(url),
    await laterPage(servers, url, page),
    await oneSession(url),
  ];
}

async function filteredPage(url: string): Promise<Reading> {
  const [agent] = await query<{ id: string; count: number }>(
    url,
    `SELECT agent_id AS id, COUNT(*) AS count FROM sessions WHERE user_sentiment = '${sentiment}'
     GROUP BY agent_id ORDER BY count DESC, id LIMIT 1`,
  );
  if (agent === undefined) throw new Error("No session is negative.");
  const first = pageLength;
  const filter = { userSentiment: { eq: sentiment }, agentVersion: { agentId: { eq: agent.id } } };
  return {
    title: `page of ${pageLength}, one agent's ${sentiment} sessions`,
    requests: {
      service: graphql(filteredQuery.service, { first, filter }),
      "by-hand": graphql(filteredQuery["by-hand"], { first, agentId: agent.id, sentiment }),
      bare: statements([
        `${selectSessions} WHERE s.agent_id = ? AND s.user_sentiment = ? ${newestFirst}`,
        [agent.id, sentiment, first],
      ]),
    },
    marker: '"endedReason"',
    rows: Math.min(pageLength, agent.count),
  };
}

async function laterPage(servers: Servers, url: string, page: number): Promise<Reading> {
  const passed = (page - 1) * pageLength;
  const [place] = await query<{ at: string; id: string }>(
    url,
    `SELECT CAST(started_at AS CHAR) AS at, id FROM sessions ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET ${passed - 1}`,
  );
  if (place === undefined) throw new Error(`There are not ${page} pages.`);
  const first = pageLength;
  return {
    title: `page ${page} of ${pageLength}`,
    requests: {
      service: graphql(pageQuery, { first, after: await walkTo(servers.service, page) }),
      "by-hand": graphql(pageQuery, { first, after: await walkTo(servers["by-hand"], page) }),
      bare: statements([
        `${selectSessions} WHERE s.started_at <= ? AND (s.started_at < ? OR s.id < ?) ${newestFirst}`,
        [place.at, place.at, place.id, first],
      ]),
    },
    marker: '"endedReason"',
    rows: pageLength,
  };
}

/** The cursor that this page starts after. */
async function walkTo(server: Server, page: number): Promise<string | undefined> {
  let after: string | undefined;
  for (let passed = 1; passed < page; passed += 1) {
    const answer = JSON.parse(await ask(server, graphql(pageQuery, { first: pageLength, after }))) as {
      readonly data: { readonly sessions: { readonly pageInfo: { readonly endCursor: string } } };
    };
    after = answer.data.sessions.pageInfo.endCursor;
  }
  return after;
}

async function oneSession(url: string): Promise<Reading> {
  const [session] = await query<{ id: string }>(
    url,
    `SELECT id FROM sessions WHERE message_count = ${mostMessages} ORDER BY started_at LIMIT 1`,
  );
  if (session === undefined) throw new Error(`No session has ${mostMessages} messages.`);
  const byId = graphql(sessionQuery, session);
  return {
    title: `one session, ${mostMessages} messages`,
    requests: {
      service: byId,
      "by-hand": byId,
      bare: statements([`${selectSessions} WHERE s.id = ?`, [session.id]], [selectMessages, [session.id]]),
    },
    marker: '"direction"',
    rows: mostMessages,
  };
}

function graphql(query: string, variables: object): ReadRequest {
  return { path: "/graphql", body: JSON.stringify({ query, variables }) };
}

function statements(...each: readonly (readonly [sql: string, parameters: unknown[]])[]): ReadRequest {
  return {
    path: "/statements",
    body: JSON.stringify(each.map(([sql, parameters]) => ({ sql, parameters }))),
  };
}

/** All answer with as many rows; service and by-hand server with the same data. */
export async function assertSameAnswers(servers: Servers, reading: Reading): Promise<void> {
  const { title, requests, marker, rows } = reading;
  const texts = { service: "", "by-hand": "", bare: "" };
  for (const name of systemNames) {
    const text = await ask(servers[name], requests[name]);
    const found = text.split(marker).length - 1;
    if (found !== rows) throw new Error(`${title}: ${name} answers with ${found} rows, not ${rows}.`);
    texts[name] = text.trimEnd().replace(/,"extensions":\{"cost":\d+\}\}$/, "}");
  }
  if (!isDeepStrictEqual(comparable(texts.service), comparable(texts["by-hand"])))
    throw new Error(`${title}: ${firstDifference(texts.service, texts["by-hand"])}`);
  if (reading.sameBytes && texts.service !== texts.bare)
    throw new Error(`${title}: ${firstDifference(texts.service, texts.bare)}`);
}

/**
 * What each of the two says in its own way: when it stored something, where a page ends, and of an edited
 * version the texts of the session's time (service) or the newest (by hand).
 */
const ownWay = new Set(["receivedAt", "changedAt", "analyzedAt", "endCursor", "name", "description"]);

/** Instants are compared to the millisecond. */
function comparable(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) => {
    if (ownWay.has(key)) return undefined;
    return typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? Date.parse(value) : value;
  });
}

function firstDifference(own: string, other: string): string {
  const at = own.split("").findIndex((unit, index) => unit !== other[index]);
  const around = [own, other].map((text) => text.slice(Math.max(0, at - 80), at + 80));
  return `two systems answer differently: ${around.join("\n")}`;
}

async function ask({ url }: Server, { path, body }: ReadRequest): Promise<string> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body });
  return await answer.text();
}
