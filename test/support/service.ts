import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import mysql from "mysql2/promise";
import { type Config, loadConfig } from "../../src/config.js";
import { createLogger } from "../../src/logger.js";
import { type RunningServer, startServer } from "../../src/server.js";
import { runs } from "./left-over.js";

/** A database of the test file's own: a new one on the server of TEST_DATABASE_URL, or an SQLite file. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (server === undefined || server === "") {
    const folder = await mkdtemp(path.join(tmpdir(), "conversation-agent-api-"));
    return {
      url: `sqlite:${path.join(folder, "test.sqlite")}`,
      drop: () => rm(folder, { recursive: true, force: true }),
    };
  }
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await administer(server, `CREATE DATABASE ${name}`);
  return { url: url.href, drop: () => administer(server, `DROP DATABASE ${name}`) };
}

async function administer(server: string, statement: string): Promise<void> {
  const connection = await mysql.createConnection(server);
  await connection.query(statement);
  await connection.end();
}

/** A real service on a port of its own. */
export interface TestService {
  readonly url: string;
  readonly database: TestDatabase;
  readonly config: Config;
  /** Posts a webhook body; an object is sent as JSON. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Runs a GraphQL operation over HTTP. */
  query<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<QueryResult<Data>>;
  /** Stops the service and starts it anew on the same database and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface QueryResult<Data> {
  readonly status: number;
  readonly data: Data;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: { readonly code: string };
  }[];
  readonly extensions?: Record<string, unknown>;
}

/**
 * Starts the service as main.ts does, with the environment given; logs are silent unless LOG_LEVEL is given.
 */
export async function startService(
  environment: Record<string, string> = {},
  on?: TestDatabase,
): Promise<TestService> {
  const database = on ?? (await createTestDatabase());
  const config = loadConfig({ DATABASE_URL: database.url, PORT: "0", LOG_LEVEL: "silent", ...environment });
  let server: RunningServer = await startServer(config, createLogger(config.logLevel));
  const { url } = server;
  const ended = runs(() => server.stop());
  return {
    url,
    database,
    config,
    post: (body, headers = {}) =>
      fetch(`${url}/webhooks/whippy`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body:
          typeof body === "string" || body instanceof Uint8Array
            ? (body as Uint8Array<ArrayBuffer>)
            : JSON.stringify(body),
      }),
    query: async <Data>(
      query: string,
      variables: Record<string, unknown> = {},
      headers: Record<string, string> = {},
    ) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, ...((await response.json()) as object) } as QueryResult<Data>;
    },
    restart: async () => {
      await server.stop();
      server = await startServer(
        { ...config, port: Number(new URL(url).port) },
        createLogger(config.logLevel),
      );
    },
    stop: async () => {
      ended();
      await server.stop();
      if (on === undefined) await database.drop();
    },
  };
}

export type SampleName = "started" | "ended" | "analyzed";

/** One of Whippy's documented payloads, byte for byte. */
export async function sampleBytes(name: SampleName): Promise<Buffer> {
  return await readFile(
    new URL(`../fixtures/whippy/conversation_agent_session.${name}.json`, import.meta.url),
  );
}

/** An event as tests read and change it; every field can be set to anything. */
export interface Payload {
  event: unknown;
  request_id: unknown;
  created_at?: unknown;
  data: {
    id: unknown;
    custom_analysis_data: unknown;
    messages: Record<string, unknown>[];
    agent_version: Record<string, unknown> & { provider_settings: Record<string, unknown> };
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** One of Whippy's documented payloads, to be changed. */
export async function sample(name: SampleName): Promise<Payload> {
  return JSON.parse((await sampleBytes(name)).toString()) as Payload;
}
