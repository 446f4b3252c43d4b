import "reflect-metadata";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { createTestDatabase, type TestService } from "../support/service.js";
import { eventOf, makeKey, organizationA, rawSocket, token } from "../support/callers.js";

const webhookSecret = "a-secret-of-the-webhook";
const tokenSecret = "a-secret-of-the-tokens-0123456789abcdef";

interface RealProcess {
  readonly url: string;
  readonly process: ChildProcess;
  readonly said: () => string;
}

async function startProcess(environment: Record<string, string>): Promise<RealProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", "src/main.ts"], {
    // Under NODE_ENV=test Express prints no errors, and there would be nothing to hear.
    env: { ...process.env, NODE_ENV: "", PORT: "0", LOG_LEVEL: "trace", ...environment },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (output += data.toString()));
  const listening = /"graphql":"(http[^"]+)\/graphql"/;
  await expect.poll(() => output, { timeout: 30_000 }).toMatch(listening);
  return { url: listening.exec(output)?.[1] ?? "", process: child, said: () => output };
}

it(
  "logs no phone number, address, text, secret, key or token, whatever comes",
  { timeout: 90_000 },
  async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database, { role: "operator" });
    const real = await startProcess({
      DATABASE_URL: database.url,
      WEBHOOK_SECRETS: webhookSecret,
      WEBHOOK_SIGNATURE_MODE: "report-only",
      JWT_SECRET: tokenSecret,
      RATE_LIMIT_FAILURES: "5",
    });
    const { url } = real;
    const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body,
      });
      await response.text();
    };
    const jwt = await token({ role: "reader", organization_id: organizationA }, { secret: tokenSecret });
    const event = await eventOf(organizationA, "e1");
    const dead = { ...event, data: { ...event.data, id: "+13237452021", started_at: "Got it!" } };
    const signature = { "X-Whippy-Signature": "t=1,v1=c2lnbmF0dXJlLW9mLWEtZGVsaXZlcnk" };
    for (const body of [
      JSON.stringify(event),
      JSON.stringify(dead),
      '{"from":"+13237452021", broken',
      '"+13237452021"',
    ])
      await post("/webhooks/whippy", body, signature);
    const queries = [
      '{ sessions(filter: { messages: { some: { from: { eq: "+13237452021" } } }, search: "Got it!" }) { nodes { chatSummary messages { nodes { body from } } } } }',
      '{ sessions(after: "+13237452021") { totalCount } }',
      '{ session(id: "+13237452021") { id wrong } }',
      "{ sessions(first: 100000) { nodes { id } } } # +13237452021",
      "{ broken +13237452021",
    ];
    for (const authorization of [
      key.header.Authorization,
      `Bearer ${jwt}`,
      "Bearer wrong-token-of-somebody",
    ]) {
      for (const query of queries)
        await post("/graphql", JSON.stringify({ query }), { Authorization: authorization });
      await post("/graphql", '{ "query": "+13237452021', { Authorization: authorization });
    }
    for (const path of ["/graphql", "/graphql/stream", "/export/sessions.ndjson", "/contacts"])
      await (await fetch(`${url}${path}/+13237452021?token=${key.text}`, { headers: key.header })).text();
    for (const payload of [key.header, { token: jwt }, { token: "wrong-token-of-somebody" }]) {
      const socket = await rawSocket({ url } as TestService);
      socket.send({ type: "connection_init", payload });
      for (const [id, query] of [
        ...queries,
        "subscription { sessionEvents { session { chatSummary } } }",
      ].entries())
        socket.send({ type: "subscribe", id: String(id), payload: { query } });
      await expect.poll(() => socket.received.length > 2 || socket.socket.readyState !== 1).toBe(true);
      socket.socket.close();
    }
    real.process.kill("SIGTERM");
    await once(real.process, "exit");
    const said = real.said();
    expect(said).toContain("dead letter");
    const secrets = [
      webhookSecret,
      tokenSecret,
      key.text.slice(13),
      jwt,
      "wrong-token-of-somebody",
      "c2lnbmF0dXJl",
    ];
    const personal = ["3237452021", "2136991845", "Got it!", "inquired", "User: job"];
    for (const trace of [...secrets, ...personal]) expect(said).not.toContain(trace);
    await database.drop();
  },
);
