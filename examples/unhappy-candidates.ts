/**
 * Which agents leave candidates unhappy, and what did these candidates say? Needs no library.
 *
 *     npx tsx examples/unhappy-candidates.ts [http://127.0.0.1:4000/graphql] [API key]
 */
const [url = "http://127.0.0.1:4000/graphql", key] = process.argv.slice(2);

const query = `query UnhappyCandidates {
  agents: sessionStats(groupBy: [{ field: AGENT }]) {
    groups { agentVersion { name } }
    count
    sentiments { value share }
  }
  said: sessions(first: 5, filter: { userSentiment: { eq: "negative" } }) {
    nodes { id chatSummary agentVersion { name } }
  }
}`;

interface Answer {
  readonly data?: {
    readonly agents: readonly {
      readonly groups: readonly { readonly agentVersion: { readonly name: string | null } | null }[];
      readonly count: number;
      readonly sentiments: readonly { readonly value: string | null; readonly share: number }[];
    }[];
    readonly said: {
      readonly nodes: readonly {
        readonly id: string;
        readonly chatSummary: string | null;
        readonly agentVersion: { readonly name: string | null };
      }[];
    };
  };
  readonly errors?: readonly { readonly message: string }[];
}

const response = await fetch(url, {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    ...(key !== undefined && { Authorization: `Bearer ${key}` }),
  },
  body: JSON.stringify({ query }),
});
const { data, errors = [] } = (await response.json()) as Answer;
for (const { message } of errors) console.error(message);

for (const { groups, count, sentiments } of data?.agents ?? []) {
  const unhappy = sentiments.find(({ value }) => value === "negative")?.share ?? 0;
  const name = groups[0]?.agentVersion?.name ?? "an agent without a name";
  console.log(`${name}: ${count} sessions, ${(unhappy * 100).toFixed(0)} % negative`);
}
for (const { agentVersion, chatSummary } of data?.said.nodes ?? [])
  console.log(`- ${agentVersion.name ?? "?"}: ${chatSummary ?? "no summary"}`);
process.exitCode = errors.length > 0 ? 1 : 0;
