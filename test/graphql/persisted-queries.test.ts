import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigurationError } from "../../src/errors.js";
import { makeKey } from "../support/callers.js";
import { createTestDatabase, startService, type TestService } from "../support/service.js";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe("automatic persisted queries", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it("serves Apollo Client by hash: the text travels once", async () => {
    const sent: Record<string, unknown>[] = [];
    const newClient = () =>
      new ApolloClient({
        cache: new InMemoryCache(),
        link: new PersistedQueryLink({ sha256 }).concat(
          new HttpLink({
            uri: `${service.url}/graphql`,
            fetch: (url, init) => {
              sent.push(JSON.parse(init?.body as string) as Record<string, unknown>);
              return fetch(url, init);
            },
          }),
        ),
      });
    for (let client = 0; client < 2; client += 1) {
      const { data } = await newClient().query({
        query: gql`
          {
            sessions(first: 2) {
              nodes {
                id
              }
            }
          }
        `,
      });
      expect(data).toMatchObject({ sessions: { nodes: [] } });
    }
    expect(sent.map((body) => "query" in body)).toEqual([false, true, false]);
  });

  it.each([
    ["a text under another text's hash", { version: 1, sha256Hash: sha256("{ other }") }],
    ["another version", { version: 2, sha256Hash: sha256("{ __typename }") }],
  ])("refuses %s", async (_name, persistedQuery) => {
    const response = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }", extensions: { persistedQuery } }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_REQUEST" } }] });
  });
});

describe("a list of the only operations served", () => {
  const allowed = "{ sessions(first: 2) { nodes { id } } }";
  let folder: string;
  let service: TestService;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "allow-list-"));
    await writeFile(path.join(folder, "list"), `# the front page\n${sha256(allowed)} # sessions\n\n`);
    await writeFile(path.join(folder, "malformed"), "no hash\n");
    service = await startService({ GRAPHQL_ALLOW_LIST: path.join(folder, "list") });
  });
  afterAll(async () => {
    await service.stop();
    await rm(folder, { recursive: true });
  });

  it("serves a listed operation and refuses any other, also one that a client would register", async () => {
    expect((await service.query(allowed)).data).toEqual({ sessions: { nodes: [] } });
    const { status, errors } = await service.query("{ sessions(first: 3) { nodes { id } } }");
    expect([status, errors?.[0]?.extensions.code]).toEqual([403, "FORBIDDEN"]);
    const other = "{ __typename }";
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(other) } };
    for (const [body, code] of [
      [{ query: other, extensions }, "FORBIDDEN"],
      [{ extensions }, "PERSISTED_QUERY_NOT_FOUND"],
    ] as const) {
      const response = await fetch(`${service.url}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
    }
  });

  it("holds on WebSocket", async () => {
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    const query = "subscription { sessionAnalyzed { cursor } }";
    await expect(client.iterate({ query }).next()).rejects.toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    await client.dispose();
  });

  it("parses nothing that is not listed, so that nobody can feel for the schema", async () => {
    const probe = "{ sessoins { nodes { id } } }";
    const url = `${service.url}/graphql?${new URLSearchParams({ query: probe }).toString()}`;
    const stream = url.replace("/graphql", "/graphql/stream");
    const asked = { query: probe };
    const persisted = { ...asked, extensions: { persistedQuery: { version: 1, sha256Hash: sha256(probe) } } };
    const post = (body: object) => ({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    for (const [at, init] of [
      [url, { headers: { "Apollo-Require-Preflight": "true" } }],
      [`${service.url}/graphql`, post(asked)],
      [`${service.url}/graphql`, post(persisted)],
      [`${service.url}/graphql`, post({ query: "{ sessions(" })],
      [stream, {}],
      [`${service.url}/graphql/stream`, post(asked)],
    ] as const) {
      const text = await (await fetch(at, init)).text();
      expect(text).toContain("FORBIDDEN");
      expect(text).not.toMatch(/Cannot query|Syntax|sessoins/);
    }
    const client = createClient({
      url: `${service.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
    });
    await expect(client.iterate({ query: probe }).next()).rejects.toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    await client.dispose();
  });

  it("serves a listed operation by its hash: once somebody has sent it, or at once where the list has its text", async () => {
    const unsent = "query Unsent { sessions(first: 1) { nodes { id } } }";
    const manifest = path.join(folder, "manifest.json");
    const operations = [{ id: sha256(unsent), name: "Unsent", type: "query", body: unsent }];
    const head = { format: "apollo-persisted-query-manifest", version: 1 };
    await writeFile(manifest, JSON.stringify({ ...head, operations }));
    const byManifest = await startService({ GRAPHQL_ALLOW_LIST: manifest });
    const byHash = async (from: TestService, text: string) => {
      const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(text) } };
      const parameters = new URLSearchParams({ extensions: JSON.stringify(extensions) }).toString();
      const response = await fetch(`${from.url}/graphql?${parameters}`, {
        headers: { "Apollo-Require-Preflight": "true" },
      });
      return await response.json();
    };
    const answer = { data: { sessions: { nodes: [] } } };
    expect(await byHash(byManifest, unsent)).toMatchObject(answer);
    expect((await byManifest.query(unsent)).data).toEqual(answer.data);
    await byManifest.stop();
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(allowed) } };
    const registering = await fetch(`${service.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: allowed, extensions }),
    });
    expect(registering.status).toBe(200);
    expect(await byHash(service, allowed)).toMatchObject(answer);

    await writeFile(manifest, JSON.stringify({ ...head, operations: [{ id: "1", body: unsent }] }));
    await expect(startService({ GRAPHQL_ALLOW_LIST: manifest }, service.database)).rejects.toThrow(
      "operations.0.id",
    );
    await writeFile(manifest, JSON.stringify(operations[0]));
    await expect(startService({ GRAPHQL_ALLOW_LIST: manifest }, service.database)).rejects.toBeInstanceOf(
      ConfigurationError,
    );
  });

  it("exports to operators only", async () => {
    const database = await createTestDatabase();
    const keys = {
      reader: await makeKey(database),
      operator: await makeKey(database, { role: "operator" }),
    };
    const withKeys = await startService({ GRAPHQL_ALLOW_LIST: path.join(folder, "list") }, database);
    const statuses = async (key: { readonly header: Record<string, string> }) =>
      await Promise.all(
        ["sessions.csv", "sessions.ndjson", "SESSIONS.csv/"].map(
          async (file) => (await fetch(`${withKeys.url}/export/${file}`, { headers: key.header })).status,
        ),
      );
    expect(await statuses(keys.reader)).toEqual([403, 403, 403]);
    expect(await statuses(keys.operator)).toEqual([200, 200, 200]);
    await withKeys.stop();
    await database.drop();
  });

  it("does not start with a list that is malformed or missing", async () => {
    for (const file of ["malformed", "missing"]) {
      const starting = startService({ GRAPHQL_ALLOW_LIST: path.join(folder, file) }, service.database);
      await expect(starting).rejects.toBeInstanceOf(ConfigurationError);
    }
  });
});
