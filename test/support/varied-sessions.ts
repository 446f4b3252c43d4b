import { randomUUID } from "node:crypto";
import { AgentVersionRevision } from "../../src/model/agent-version.js";
import { Analysis } from "../../src/model/analysis.js";
import { Message } from "../../src/model/message.js";
import { Session } from "../../src/model/session.js";
import { generateSessions } from "../../tools/simulate/generate.js";
import { addNewFields, comparedFields, selectionOf } from "./declared-fields.js";
import { type Payload, type QueryResult, sample, type TestService } from "./service.js";
import type { ServedSession } from "./reference-filter.js";

/**
 * Stores simulated sessions (the same for a seed), and some that hold what comparisons, searches and exports
 * get wrong.
 */
export async function storeVariedSessions(service: TestService, count: number, seed = 7): Promise<void> {
  for (const { envelopes } of generateSessions({ sessions: count, seed }))
    for (const envelope of envelopes) await service.post(envelope);
  const histories = [...oddities.map((change) => [change]), ...analyzedAgain];
  for (const [turn, changes] of histories.entries()) {
    const id = randomUUID();
    const messageIds = [randomUUID(), randomUUID()];
    for (const [minute, change] of changes.entries()) {
      const payload = await sample("analyzed");
      payload.request_id = randomUUID();
      payload.created_at = `2025-08-19T06:${40 + minute}:57.416929Z`;
      payload.data.id = id;
      payload.data.messages.forEach((message, index) => (message.id = messageIds[index]));
      addNewFields(Session, payload.data, turn);
      for (const message of payload.data.messages) addNewFields(Message, message, turn);
      change(payload);
      await service.post(payload);
    }
  }
}

const alike = "same beginning ".repeat(14);

const oddities: readonly ((payload: Payload) => void)[] = [
  ({ data }) => {
    data.ended_reason = "user_ended ";
    data.user_sentiment = "Neutral";
    data.custom_analysis_data = { Employment: "", Age: 0, Willing: false, Unsure: null };
  },
  ({ data }) => {
    data.chat_summary = '=HYPERLINK("http://example.com","Café 😀")';
    data.chat_transcript = "求人について知りたいです。Größe und Café, naïve façade";
    data.language = "ja";
    data.custom_analysis_data = { Employment: "Phone call", Age: 42.5, Willing: true };
  },
  ({ data }) => {
    data.messages = [];
    data.chat_transcript = "";
    data.chat_summary = null;
    data.user_sentiment = "neutral ";
    data.custom_analysis_data = {};
  },
  ({ data }) => {
    data.custom_analysis_data = { Employment: `${alike}one`, Age: -1, Willing: "false", Unsure: [1, 2] };
    data.ended_reason = null;
    data.chat_completion_rating = "é";
  },
  ({ data }) => {
    data.custom_analysis_data = {
      Employment: `${alike}two`,
      Age: "0",
      " spaced ": "x ",
      " spaced": "y",
      " spaced  ": "z",
      "=1+1": 1e300,
    };
    data.started_at = "2025-08-22T10:00:00.000001Z";
    data.chat_completion_rating = "e";
  },
  ({ data }) => {
    data.started_at = null;
    data.ended_at = null;
    data.translated_chat_transcript = "สวัสดีครับ hello 100% _wild_ quick Qatar";
    data.custom_analysis_data = "no object";
  },
  ({ data }) => {
    data.started_at = null;
    data.custom_analysis_data = { Employment: "Phone call", Willing: false };
  },
  ({ data }) => {
    data.started_at = null;
    data.messages = [];
  },
  // Another content of the same agent version, with other questions.
  ({ data }) => {
    data.agent_version.provider_settings.post_call_analysis_data = [
      { name: "Employment", type: "string" },
      { name: "Age", type: "number " },
      { name: "Willing", type: "Boolean" },
      { name: "Unasked", type: "é" },
    ];
    data.custom_analysis_data = { Employment: "Phone call", Age: 42.5, Willing: null, Other: "x" };
  },
  ({ data }) => {
    data.chat_transcript = "Words that no message has: umbrella, harbour, ΟΔΟΣ, Straße";
    data.messages.forEach((message, index) => {
      message.body = index === 0 ? "Lantern and orchard, Queue" : "Lantern alone, 東京";
    });
  },
];

/**
 * Sessions that are analyzed several times: each change makes one more event, a minute later than the one
 * before it.
 */
const analyzedAgain: readonly (readonly ((payload: Payload) => void)[])[] = [
  [({ data }) => (data.user_sentiment = "negative"), ({ data }) => (data.user_sentiment = "positive")],
  // The last one is the first one again: it is the current one, and stands in the history once.
  [
    ({ data }) => (data.chat_completion_rating = "complete"),
    ({ data }) => (data.chat_completion_rating = "incomplete"),
    ({ data }) => (data.chat_completion_rating = "complete"),
  ],
  // The older one comes last.
  [
    ({ data }) => (data.chat_summary = "The newer one."),
    (payload) => {
      payload.created_at = "2025-08-18T00:00:00Z";
      payload.data.chat_summary = "The older one ";
      payload.data.user_sentiment = null;
    },
  ],
  // It answers another content of the agent version each time.
  [
    ({ data }) => {
      data.agent_version.name = "As it was";
      data.chat_summary = null;
      data.user_sentiment = "negative ";
    },
    ({ data }) => {
      data.agent_version.name = "As it is";
      data.chat_summary = "";
      data.user_sentiment = "Negative";
    },
    ({ data }) => (data.custom_analysis_data = { Employment: "Walk-in" }),
  ],
];

const everything = `
  query ($after: String) {
    sessions(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        ${selectionOf(comparedFields(Session))} customAnalysisData
        agentVersion { id receivedAt }
        agentVersionRevision { ${selectionOf(comparedFields(AgentVersionRevision))} questions { name type } }
        analysisHistory { id ${selectionOf(comparedFields(Analysis))} }
        messages(first: 200) { nodes { ${selectionOf(comparedFields(Message))} } }
      }
    }
  }`;

interface Page {
  readonly sessions: {
    readonly nodes: readonly ServedSession[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

/** All stored sessions, as a client reads them. */
export async function readAllSessions(service: TestService): Promise<ServedSession[]> {
  const all: ServedSession[] = [];
  for (let after: string | null = null; ;) {
    const { data }: QueryResult<Page> = await service.query<Page>(everything, { after });
    all.push(...data.sessions.nodes);
    if (!data.sessions.pageInfo.hasNextPage) return all;
    after = data.sessions.pageInfo.endCursor;
  }
}
