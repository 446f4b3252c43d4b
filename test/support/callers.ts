import { createClient } from "graphql-ws";
import { SignJWT } from "jose";
import { WebSocket } from "ws";
import { generateApiKey, hashSecret } from "../../src/access/api-key.js";
import type { Role } from "../../src/access/caller.js";
import { loadConfig } from "../../src/config.js";
import { toDatetime } from "../../src/model/instant.js";
import { ApiKeyStore } from "../../src/store/api-keys.js";
import { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrations/migrate.js";
import {
  createTestDatabase,
  sample,
  type SampleName,
  startService,
  type TestDatabase,
  type TestService,
} from "./service.js";

export const organizationA = "aaaaaaaa-0000-4000-8000-000000000000";
export const organizationB = "bbbbbbbb-0000-4000-8000-000000000000";

/** Does something with a test's database beside the service. */
export async function onDatabase<Result>(
  { url }: TestDatabase,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await Database.open(loadConfig({ DATABASE_URL: url }).database, 2);
  try {
    await migrate(database.writer);
    return await work(database);
  } finally {
    await database.close();
  }
}

interface KeyOptions {
  readonly role?: Role;
  readonly organization?: string | null;
  readonly expiresAt?: Date;
}

/** Makes a key as `npm run keys -- create` does. */
export async function makeKey(
  database: TestDatabase,
  { role = "reader", organization = role === "operator" ? null : organizationA, expiresAt }: KeyOptions = {},
): Promise<{ readonly text: string; readonly prefix: string; readonly header: { Authorization: string } }> {
  const key = generateApiKey();
  await onDatabase(database, (opened) =>
    new ApiKeyStore(opened).create({
      prefix: key.prefix,
      secretSha256: hashSecret(key.secret),
      name: "test",
      organizationId: organization,
      role,
      expiresAt: expiresAt === undefined ? null : toDatetime(expiresAt.toISOString()),
    }),
  );
  return { text: key.text, prefix: key.prefix, header: { Authorization: `Bearer ${key.text}` } };
}

/** A service with two who may read organization A: a reader, and a masked one. */
export async function startWithReaders() {
  const database = await createTestDatabase();
  const masked = (await makeKey(database, { role: "masked_reader" })).header;
  const reader = (await makeKey(database)).header;
  const service = await startService({}, database);
  const stop = async () => {
    await service.stop();
    await database.drop();
  };
  return { masked, reader, service: { ...service, stop } };
}

/** Of what tests store for a masked reader: what the contact said, and how the two reached each other. */
export const contactsTexts = [
  "3237452021",
  "2136991845",
  "ann@example.org",
  "Got it!",
  "inquired",
  "word of mouth",
  "5551234567",
];

export async function revokeKey(database: TestDatabase, prefix: string): Promise<void> {
  await onDatabase(database, (opened) => new ApiKeyStore(opened).revoke(prefix));
}

export const jwtSecret = "0123456789abcdef0123456789abcdef";

export async function token(
  claims: Record<string, unknown>,
  { expires = "5m", secret = jwtSecret, algorithm = "HS256", issuer = "tests" } = {},
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm })
    .setSubject("somebody")
    .setIssuer(issuer)
    .setAudience("conversation-agent-api")
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
}

/**
 * One of Whippy's documented events, made another organization's and another session's by exchanging the
 * first digits of all ids.
 */
export async function eventOf(organizationId: string, session: string, name: SampleName = "analyzed") {
  const event = await sample(name);
  const mark = (id: unknown) => `${session}${String(id).slice(session.length)}`;
  event.request_id = crypto.randomUUID();
  event.data.id = mark(event.data.id);
  event.data.conversation_id = mark(event.data.conversation_id);
  event.data.agent_version.id = mark(event.data.agent_version.id);
  event.data.agent_version.organization_id = organizationId;
  for (const message of event.data.messages) {
    message.id = mark(message.id);
    message.conversation_id = event.data.conversation_id;
  }
  return event;
}

/** A WebSocket client that does not connect anew. */
export function socketClient(service: TestService, connectionParams: Record<string, unknown> = {}) {
  return createClient({
    url: `${service.url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => undefined,
  });
}

/** A bare socket on which a test says what it likes. */
export async function rawSocket(service: TestService, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${service.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
    headers,
  });
  const received: { type: string; id?: string; payload?: never }[] = [];
  socket.on("message", (data: Buffer) =>
    received.push(JSON.parse(data.toString()) as (typeof received)[number]),
  );
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => {
    socket.once("close", (code, reason) => {
      resolve({ code, reason: reason.toString() });
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    received,
    closed,
    send: (message: object) => {
      socket.send(JSON.stringify(message));
    },
  };
}
