import { createServer, type IncomingMessage } from "node:http";
import mysql, { type Pool, type RowDataPacket } from "mysql2/promise";
import { listSessions } from "./bare/list-sessions.js";
import { numberFeed, storeEvent } from "./bare/store-event.js";

/**
 * What the service is measured against: `node:http` and mysql2 with SQL by hand, no framework, no schema, no
 * GraphQL, no signature. It stores the same rows in as many transactions, and answers the list with the same
 * bytes. Tables are the service's.
 */
const writer = connect();
const reader = connect();
const [[setting]] = await reader.query<(RowDataPacket & { value: string })[]>(
  "SELECT value FROM service_settings WHERE name = 'cursor_key'",
);
const cursorKey = setting?.value ?? "";

const server = createServer((request, response) => {
  void answer(request).then(
    (text) => {
      response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" }).end(text);
    },
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
});
server.listen(Number(process.env.PORT), "127.0.0.1");

async function answer(request: IncomingMessage): Promise<string> {
  if (request.url === "/readyz") return "{}";
  const body = await read(request);
  if (request.url === "/statements") return await runStatements(body);
  if (request.url === "/graphql") {
    const { variables } = JSON.parse(body.toString()) as { variables: { first: number } };
    return await listSessions(reader, variables.first, cursorKey);
  }
  const eventId = await storeEvent(writer, body);
  nudge();
  return JSON.stringify({ status: "stored", eventId });
}

/** SQL by hand, for whoever asks over HTTP as the service is asked: each statement's rows. */
async function runStatements(body: Buffer): Promise<string> {
  const statements = JSON.parse(body.toString()) as { sql: string; parameters: unknown[] }[];
  const results: RowDataPacket[][] = [];
  for (const { sql, parameters } of statements)
    results.push((await reader.query<RowDataPacket[]>(sql, parameters))[0]);
  return JSON.stringify(results);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

let nudged = false;
let numbering = false;

function nudge(): void {
  nudged = true;
  if (numbering) return;
  numbering = true;
  void numberAll().finally(() => {
    numbering = false;
  });
}

async function numberAll(): Promise<void> {
  while (nudged) {
    nudged = false;
    if ((await numberFeed(writer)) > 0) nudged = true;
  }
}

/** The same size, isolation and settings as the service's pools. */
function connect(): Pool {
  const pool = mysql.createPool({
    uri: process.env.DATABASE_URL ?? "",
    connectionLimit: 16,
    charset: "utf8mb4",
    timezone: "Z",
    dateStrings: true,
    flags: ["-FOUND_ROWS"],
  });
  pool.pool.on("connection", (connection) => {
    connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  });
  return pool;
}
