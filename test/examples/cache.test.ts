import { randomUUID } from "node:crypto";
import { ApolloClient, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import {
  type ConcreteRequest,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  Network,
  type NormalizationSelection,
  RecordSource,
  Store,
} from "relay-runtime";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sample, startService, type TestService } from "../support/service.js";

const text = `query Contents {
  sessions {
    nodes {
      id
      agentVersion { __typename id name }
      agentVersionRevision { __typename id name }
    }
  }
}`;

interface Contents {
  readonly sessions: {
    readonly nodes: readonly {
      readonly id: string;
      readonly agentVersion: { readonly name: string };
      readonly agentVersionRevision: { readonly name: string };
    }[];
  };
}

let service: TestService;
const carried = new Map<string, string>();

beforeAll(async () => {
  service = await startService();
  for (const [day, name] of [
    [20, "Ada"],
    [21, "Ada, renamed"],
  ] as const) {
    const event = await sample("analyzed");
    event.request_id = randomUUID();
    event.created_at = `2025-08-${day}T00:00:00Z`;
    event.data.id = randomUUID();
    event.data.agent_version.name = name;
    expect((await service.post(event)).status).toBe(200);
    carried.set(String(event.data.id), name);
  }
});
afterAll(async () => {
  await service.stop();
});

function expectContents(data: Contents | undefined): void {
  const nodes = data?.sessions.nodes ?? [];
  expect(new Map(nodes.map(({ id, agentVersionRevision }) => [id, agentVersionRevision.name]))).toEqual(
    carried,
  );
  expect(nodes.map(({ agentVersion }) => agentVersion.name)).toEqual(["Ada, renamed", "Ada, renamed"]);
}

it("Apollo Client's cache keeps each session's content of an agent version, with default settings", async () => {
  const link = new HttpLink({ uri: `${service.url}/graphql` });
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const query: TypedDocumentNode<Contents> = gql(text);
  await client.query({ query });
  const { data } = await client.query({ query, fetchPolicy: "cache-only" });
  client.stop();
  expectContents(data);
});

it("urql's Graphcache does so too", async () => {
  const client = new Client({
    url: `${service.url}/graphql`,
    exchanges: [cacheExchange(), fetchExchange],
    preferGetMethod: false,
  });
  await client.query(text, {}).toPromise();
  const { data } = await client.query<Contents>(text, {}, { requestPolicy: "cache-only" }).toPromise();
  expectContents(data);
});

/** What Relay's compiler makes of the query. */
function compiled(): ConcreteRequest {
  const field = { alias: null, args: null, storageKey: null };
  const scalars = (...names: string[]): NormalizationSelection[] =>
    names.map((name) => ({ ...field, kind: "ScalarField", name }));
  const linked = (
    name: string,
    concreteType: string,
    selections: readonly NormalizationSelection[],
    plural = false,
  ): NormalizationSelection => ({ ...field, kind: "LinkedField", name, concreteType, plural, selections });
  const content = scalars("__typename", "id", "name");
  const session = [
    ...scalars("id"),
    linked("agentVersion", "AgentVersion", content),
    linked("agentVersionRevision", "AgentVersionRevision", content),
  ];
  const selections = [linked("sessions", "SessionConnection", [linked("nodes", "Session", session, true)])];
  const name = "Contents";
  return {
    kind: "Request",
    fragment: { kind: "Fragment", name, type: "Query", argumentDefinitions: [], selections },
    operation: { kind: "Operation", name, argumentDefinitions: [], selections },
    params: { id: null, cacheID: name, name, operationKind: "query", text, metadata: {} },
  } as unknown as ConcreteRequest;
}

it("Relay's store does so too", async () => {
  const environment = new Environment({
    network: Network.create(async () => {
      const { data } = await service.query<Contents>(text);
      return { data };
    }),
    store: new Store(new RecordSource()),
  });
  const request = compiled();
  await fetchQuery(environment, request, {}).toPromise();
  const { fragment } = createOperationDescriptor(request, {});
  expectContents(environment.lookup(fragment).data as unknown as Contents);
});
