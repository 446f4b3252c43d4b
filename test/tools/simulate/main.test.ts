import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildOrganizations } from "../../../tools/simulate/organizations.js";
import type { SimulatedEnvelope } from "../../../tools/simulate/payload.js";
import { startReceiver, type Received, type WebhookReceiver } from "../../support/webhook-receiver.js";

const CLI = fileURLToPath(new URL("../../../tools/simulate/main.ts", import.meta.url));
const SECRET = "whippy-key-of-this-test";

interface Run {
  code: number | null;
  output: string;
}

let receiver: WebhookReceiver;
/** The status of each answer, the last one for all that follow. */
let statuses: number[];

beforeEach(async () => {
  statuses = [];
  receiver = await startReceiver((response, _, count) => {
    response.statusCode = statuses[count - 1] ?? statuses.at(-1) ?? 200;
  });
});

afterEach(() => receiver.stop());

/** Runs the command as a person would; `whenReceived` may stop it by a signal. */
function run(args: string[], env: NodeJS.ProcessEnv = {}, interruptAfter = Infinity): Promise<Run> {
  const child = spawn(process.execPath, ["--import", "tsx", CLI, ...args], {
    env: { PATH: process.env.PATH, PORT: new URL(receiver.url).port, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output += text.toString();
    });
  }
  const watch = setInterval(() => {
    if (receiver.received.length < interruptAfter) return;
    clearInterval(watch);
    child.kill("SIGINT");
  }, 10);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearInterval(watch);
      resolve({ code, output });
    });
  });
}

const envelopeOf = ({ body }: Received): SimulatedEnvelope =>
  JSON.parse(body.toString()) as SimulatedEnvelope;

const sessionIds = (received: Received[]): Set<string> =>
  new Set(received.map((one) => envelopeOf(one).data.id));

describe("simulate", () => {
  it("posts 25 sessions to the service on PORT and sums them up", async () => {
    const { code, output } = await run([]);
    expect(code).toBe(0);
    expect(sessionIds(receiver.received).size).toBe(25);
    expect(output).toMatch(/sessions +25\n/);
    expect(output).toContain(`200 × ${receiver.received.length}`);
    expect(output).toMatch(/p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms/);
  });

  it("prints nothing about the contacts, nor the secret, and no progress into a pipe", async () => {
    const { output } = await run(["--sessions", "5", "--secret", SECRET]);
    expect(output.trim().split("\n")).toHaveLength(6);
    expect(output).not.toContain(SECRET);
    for (const { messages } of receiver.received.map((one) => envelopeOf(one).data)) {
      for (const { from, to, body } of messages) {
        for (const text of [from, to]) expect(output).not.toContain(text);
        // A body may be as short as "yes".
        if (body.length > 12) expect(output).not.toContain(body);
      }
    }
  });

  it("posts the three documented payloads byte for byte", async () => {
    const { code } = await run(["--samples"]);
    expect(code).toBe(0);
    const expected = ["started", "ended", "analyzed"].map((kind) =>
      readFileSync(new URL(`../../fixtures/whippy/conversation_agent_session.${kind}.json`, import.meta.url)),
    );
    expect(receiver.received.map(({ body }) => body)).toEqual(expected);
    expect(receiver.received[0]?.headers["content-type"]).toBe("application/json");
  });

  it("signs with the first of WEBHOOK_SECRETS", async () => {
    await run(["--samples"], { WEBHOOK_SECRETS: ` ,${SECRET}, another` });
    for (const { headers, body } of receiver.received) {
      const [, timestamp = "", signature] =
        /^t=(\d+),v1=(.+)$/.exec(String(headers["x-whippy-signature"])) ?? [];
      const hmac = createHmac("sha256", SECRET).update(Buffer.concat([Buffer.from(`${timestamp}.`), body]));
      expect(signature).toBe(hmac.digest("base64").replaceAll("=", ""));
      expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(30);
    }
    expect(receiver.received).toHaveLength(3);
  });

  it("signs nothing without a secret, or with an empty one", async () => {
    await run(["--samples"]);
    await run(["--samples", "--secret", ""], { WEBHOOK_SECRETS: SECRET });
    const signed = receiver.received.filter(({ headers }) => "x-whippy-signature" in headers);
    expect([receiver.received.length, signed.length]).toEqual([6, 0]);
  });

  it("sends the same sessions again, and new ones of the same organizations with --fresh", async () => {
    await run(["--sessions", "8"]);
    const first = receiver.received.splice(0);
    await run(["--sessions", "8", "--shuffle", "--duplicate", "0.5"]);
    const second = receiver.received.splice(0);
    await run(["--sessions", "8", "--fresh"]);
    const third = sessionIds(receiver.received);
    const organizations = buildOrganizations(1, 4).map(({ id }) => id);
    for (const one of [...first, ...receiver.received]) {
      expect(organizations).toContain(envelopeOf(one).data.agent_version.organization_id);
    }
    expect(sessionIds(second)).toEqual(sessionIds(first));
    expect([...third].filter((id) => sessionIds(first).has(id))).toEqual([]);
  });

  it("tries again on a 503 and succeeds", async () => {
    statuses = [503, 200];
    const { code, output } = await run(["--samples", "--concurrency", "1"]);
    expect(code).toBe(0);
    expect(output).toMatch(/retries +1\nfailures +0/);
  });

  it("exits with 1 and a hint when deliveries fail for good", async () => {
    statuses = [401];
    const { code, output } = await run(["--samples", "--shuffle", "--secret", SECRET]);
    expect(code).toBe(1);
    expect(output).toMatch(/failures +3/);
    expect(output).toContain("WEBHOOK_SECRETS");
  });

  it("ends on SIGINT with its summary", async () => {
    const { code, output } = await run(["--sessions", "1000000", "--rate", "200"], {}, 10);
    expect(code).toBe(0);
    expect(output).toMatch(/failures +0\n/);
    expect(receiver.received.length).toBeLessThan(200);
  });

  it.each([
    [["--sessions", "0"], /--sessions.*whole number of at least 1/],
    [["--rate", "-3"], /--rate.*above 0/],
    [["--concurrency", "2000"], /--concurrency.*from 1 to 1024/],
    [["--duplicate", "1.1"], /--duplicate.*from 0 to 1/],
    [["--seed", "x"], /--seed.*whole number/],
    [["--url", "localhost:4000"], /--url.*http/],
    [["--url", "http://user:word@127.0.0.1/"], /--url.*user name/],
    [["--samples", "--sessions", "3"], /--samples.*--sessions/],
    [["surplus"], /too many arguments/],
  ])("refuses %j with a clear error and sends nothing", async (args, message) => {
    const { code, output } = await run(args);
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(receiver.received).toEqual([]);
  });

  it("refuses a PORT that is none, unless it is told the URL", async () => {
    expect((await run([], { PORT: "http" })).output).toContain("PORT must be a whole number");
    const { code } = await run(["--samples", "--url", receiver.url], { PORT: "http" });
    expect(code).toBe(0);
  });
});
