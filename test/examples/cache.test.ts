import { randomUUID } from "node:crypto";
import { ApolloClient, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from "@apollo/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
  for (const name of ["Ada", "Ada, renamed"]) {
    const event = await sample("analyzed");
    event.request_id = randomUUID();
    event.data.id = randomUUID();
    event.data.agent_version.name = name;
    expect((await service.post(event)).status).toBe(200);
  }
});
afterAll(async () => {
  await service.stop();
});

interface Names {
  readonly sessions: { readonly nodes: { readonly agentVersion: { readonly name: string } }[] };
}

async function namesWith(cache: InMemoryCache): Promise<string[]> {
  const client = new ApolloClient({ cache, link: new HttpLink({ uri: `${service.url}/graphql` }) });
  const query: TypedDocumentNode<Names> = gql`
    {
      sessions {
        nodes {
          id
          agentVersion {
            id
            name
          }
        }
      }
    }
  `;
  const { data } = await client.query({ query });
  client.stop();
  return (data?.sessions.nodes ?? []).map(({ agentVersion }) => agentVersion.name).sort();
}

it("Apollo's cache keeps each session's own content of an agent version, as the README sets it up", async () => {
  const cache = new InMemoryCache({ typePolicies: { AgentVersion: { keyFields: false, merge: true } } });
  expect(await namesWith(cache)).toEqual(["Ada", "Ada, renamed"]);
  // What the setting is for.
  expect(new Set(await namesWith(new InMemoryCache())).size).toBe(1);
});
