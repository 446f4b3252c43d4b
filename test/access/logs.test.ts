import "reflect-metadata";
import { expect, it } from "vitest";
import { createTestDatabase, type TestService } from "../support/service.js";
import { addRule } from "../support/alerts.js";
import { eventOf, makeKey, onDatabase, organizationA, rawSocket, token } from "../support/callers.js";
import { startProcess } from "../support/running-process.js";
import { startReceiver } from "../support/webhook-receiver.js";

const webhookSecret = "a-secret-of-the-webhook";
const tokenSecret = "a-secret-of-the-tokens-0123456789abcdef";

it(
  "logs no phone number, address, text, secret, key or token, whatever comes",
  { timeout: 90_000 },
  async () => {
    const database = await createTestDatabase();
    const key = await makeKey(database, { role: "operator" });
    const refusing = await startReceiver((response) => {
      response.statusCode = 500;
      response.write("secret-words-of-the-receiver");
    });
    const rule = await onDatabase(database, (opened) =>
      addRule(opened, `${refusing.url}/secret-path`, {
        isPersonal: 1,
        definition: { kind: "match", types: ["ANALYZED"], filter: { chatSummary: { contains: "inquired" } } },
      }),
    );
    const real = await startProcess({
      DATABASE_URL: database.url,
      LOG_LEVEL: "trace",
      ALERT_PRIVATE_TARGETS: "127.0.0.1",
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
      const isOpen = () => socket.socket.readyState === socket.socket.OPEN;
      const count = (...types: string[]) => socket.received.filter(({ type }) => types.includes(type)).length;
      await expect.poll(() => count("connection_ack") === 1 || !isOpen()).toBe(true);
      if (!isOpen()) continue;
      for (const [id, query] of [
        ...queries,
        "subscription { sessionEvents { session { chatSummary } } }",
      ].entries())
        socket.send({ type: "subscribe", id: String(id), payload: { query } });
      await expect.poll(() => count("error", "complete")).toBe(queries.length);
      socket.socket.close();
    }
    await expect.poll(() => real.output()).toContain("an alarm was not taken");
    await real.end("SIGTERM");
    const said = real.output();
    expect(said).toContain("dead letter");
    const lines = said.split("\n").filter((line) => line.startsWith("{"));
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const deliveries = entries.filter(({ msg }) => msg === "a delivery");
    const type = "conversation_agent_session.analyzed";
    expect(deliveries).toMatchObject([
      {
        part: "webhook",
        type,
        outcome: "projected",
        organizationId: organizationA,
        sessionId: event.data.id,
      },
      { part: "webhook", type, outcome: "dead" },
      { part: "webhook", type: "none", outcome: "refused" },
      { part: "webhook", type: "none", outcome: "refused" },
    ]);
    for (const { milliseconds } of deliveries) expect(milliseconds).toEqual(expect.any(Number));
    const refused = entries.filter(({ msg }) => msg === "an operation was refused or has errors");
    // Four of five queries fail, of each of the two callers that are known.
    expect(refused.filter(({ transport }) => transport === "http")).toHaveLength(8);
    expect(refused.filter(({ transport }) => transport === "websocket")).toHaveLength(8);
    const callers = new Set(refused.map(({ caller }) => caller));
    expect([...callers].every((caller) => /^(?:key|jwt):/.test(String(caller)))).toBe(true);
    for (const { codes, milliseconds } of refused)
      expect([codes, milliseconds]).toEqual([[expect.any(String)], expect.any(Number)]);
    const secrets = [
      webhookSecret,
      tokenSecret,
      key.text.slice(13),
      jwt,
      "wrong-token-of-somebody",
      "c2lnbmF0dXJl",
      ...[rule.secret, "secret-path", "secret-words-of-the-receiver"],
    ];
    const personal = ["3237452021", "2136991845", "Got it!", "inquired", "User: job"];
    for (const trace of [...secrets, ...personal]) expect(said).not.toContain(trace);
    await refusing.stop();
    await database.drop();
  },
);
