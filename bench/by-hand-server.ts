import Fastify from "fastify";
import { mercurius } from "mercurius";
import mysql from "mysql2/promise";
import type { SimulatedEnvelope } from "../tools/simulate/payload.js";
import { loadersOf, resolversOf, schema } from "./by-hand/schema.js";
import { storeEvent } from "./by-hand/store-event.js";
import { createTables } from "./by-hand/tables.js";

/**
 * What an engineer would write by hand for the measured requests alone: Fastify, Mercurius (compiled queries,
 * loaders) and mysql2, on tables of its own. It believes every delivery and keeps neither raw bytes, nor
 * history, nor search words.
 */
const pool = mysql.createPool({
  uri: process.env.DATABASE_URL ?? "",
  connectionLimit: 16,
  charset: "utf8mb4",
  timezone: "Z",
  dateStrings: true,
});
await createTables(pool);

const app = Fastify({ logger: false, bodyLimit: 8 * 1024 * 1024 });
await app.register(mercurius, { schema, resolvers: resolversOf(pool), loaders: loadersOf(pool), jit: 1 });
app.get("/readyz", () => ({}));
app.post<{ Body: SimulatedEnvelope }>("/webhooks/whippy", async ({ body }) => ({
  status: await storeEvent(pool, body),
}));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
