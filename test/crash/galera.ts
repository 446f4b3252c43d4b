import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadConfig } from "../../src/config.js";
import { Database } from "../../src/store/database.js";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../../src/webhook/signature/whippy-signature.js";
import { generateSessions } from "../../tools/simulate/generate.js";
import { shuffleAndDuplicate } from "../../tools/simulate/shuffle-and-duplicate.js";
import { newEvent } from "../support/listening.js";
import { BuiltService, webhookSecret } from "../support/rehearsal/built-service.js";
import { freePorts } from "../support/rehearsal/free-port.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";
import { sample } from "../support/service.js";
import { projectedState } from "../support/state-digest.js";

const script = fileURLToPath(new URL("../../.ci/galera.sh", import.meta.url));
const sessionsPerRound = 30;
/** Each of so few sessions has so many events, of which each goes to one node only. */
const contested = { sessions: 4, events: 100, messages: 20, atOnce: 24 };
/** So many events at once, each on all nodes. */
const atOnce = 16;
/** Within that a node has what the others have committed. */
const longestLag = 10_000;
const longestDelivery = 60_000;

/**
 * Three nodes that all take writes, and an instance of the service on each. Every session's events come to
 * all of them at once; then those of a few sessions, of one agent version whose content changes, come to one
 * node each: what is lost there no other one has.
 */
export const galera: Scenario = async (rounds, report) => {
  const folder = await mkdtemp(path.join(tmpdir(), "galera-"));
  const env = { ...process.env, GALERA_DIR: folder, GALERA_PORT: String(await freePorts(40)) };
  const control = (...command: string[]) => promisify(execFile)("bash", [script, ...command], { env });
  const services: BuiltService[] = [];
  try {
    const { stdout } = await control("start");
    const urls = stdout.trim().split("\n");
    for (const url of urls) services.push(await BuiltService.start({ DATABASE_URL: url }));
    const reference = await BuiltService.start({
      DATABASE_URL: `sqlite:${path.join(folder, "reference.sqlite")}`,
    });
    services.push(reference);
    for (let round = 0; round < rounds; round += 1)
      report(await deliverEverywhere(round, services.slice(0, urls.length), urls, reference, folder));
  } finally {
    await Promise.all(services.map((service) => service.stop("SIGKILL")));
    await control("stop");
    await rm(folder, { recursive: true, force: true });
  }
};

async function deliverEverywhere(
  round: number,
  services: readonly BuiltService[],
  urls: readonly string[],
  reference: BuiltService,
  folder: string,
): Promise<Outcome> {
  const sessions = generateSessions({ sessions: sessionsPerRound, seed: 1, sessionSeed: round + 1 });
  const everywhere = Array.from(sessions, ({ envelopes }) =>
    envelopes.map((envelope) => Buffer.from(JSON.stringify(envelope))),
  ).flat();
  const once = await contestedEvents();
  const answers = new Map<string, number>();
  const count = (status: string) => answers.set(status, (answers.get(status) ?? 0) + 1);
  // Neighbours are of one session, or agent.
  const order = { shuffle: true, duplicate: 0.3, window: 8, seed: round };
  const begun = performance.now();
  await inParallel(atOnce, [...shuffleAndDuplicate(everywhere, order)], async (body) => {
    await Promise.all(services.map((service) => deliver(service, body, count)));
  });
  await inParallel(contested.atOnce, once, async (body, index) => {
    const service = services[index % services.length];
    if (service !== undefined) await deliver(service, body, count);
  });
  const seconds = (performance.now() - begun) / 1_000;
  const bodies = [...everywhere, ...once];
  for (const body of bodies) await deliver(reference, body, () => undefined);
  const expected = await stateOf(`sqlite:${path.join(folder, "reference.sqlite")}`);
  const differences = await Promise.all(urls.map((url) => differenceFrom(expected, url)));
  const torn = differences.filter((difference) => difference !== undefined);
  const odd = [...answers].filter(([status]) => !/^(200|503)$/.test(status));
  return {
    figures: {
      events: bodies.length,
      "deliveries/s": Math.round([...answers.values()].reduce((sum, n) => sum + n, 0) / seconds),
      "503": answers.get("503") ?? 0,
      "nodes in another state": torn.length,
    },
    problems: [
      ...services.flatMap((service) => service.problems()),
      ...odd.map(([status, n]) => `${n} deliveries were answered with ${status}.`),
      ...new Set(torn),
    ],
  };
}

/** Events of a few sessions, in an order that mixes them. */
async function contestedEvents(): Promise<Buffer[]> {
  const sessions = Array.from({ length: contested.sessions }, () => ({
    id: randomUUID(),
    messages: Array.from({ length: contested.messages }, () => randomUUID()),
  }));
  const [message] = (await sample("analyzed")).data.messages;
  const events: Buffer[] = [];
  for (let index = 0; index < contested.events; index += 1)
    for (const { id, messages } of sessions) {
      const event = await newEvent("analyzed", {
        id,
        chat_summary: `Summary ${index}`,
        messages: messages.map((each) => ({ ...message, id: each, body: `Text ${index}` })),
      });
      event.created_at = new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString();
      event.data.agent_version.description = `Content ${index % 7}`;
      events.push(Buffer.from(JSON.stringify(event)));
    }
  return events;
}

/** Works on all of them, so many at once. */
async function inParallel<T>(
  most: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const waiting = items.entries();
  await Promise.all(
    Array.from({ length: most }, async () => {
      for (const [index, item] of waiting) await work(item, index);
    }),
  );
}

/** What a node holds that a single server does not, or lacks; undefined where it holds the same. */
async function differenceFrom(expected: string, url: string): Promise<string | undefined> {
  const deadline = performance.now() + longestLag;
  for (;;) {
    const state = await stateOf(url);
    if (state === expected) return undefined;
    if (performance.now() > deadline) return describeDifference(expected, state);
    await delay(200);
  }
}

function describeDifference(expected: string, state: string): string {
  const [wanted, found] = [expected.split("\n"), state.split("\n")];
  const lacking = wanted.filter((row) => !found.includes(row));
  const tables = [...new Set(lacking.slice(1).map((row) => row.split(" ", 1)[0]))].sort();
  return (
    `A node holds events ${found[0] ?? ""}, and a single server ${wanted[0] ?? ""}; ` +
    `${lacking.length} rows are missing or differ (${tables.join(", ")}).`
  );
}

/** As Whippy: again until it is taken. */
async function deliver(service: BuiltService, body: Buffer, count: (status: string) => void): Promise<void> {
  const deadline = performance.now() + longestDelivery;
  let said = "";
  while (performance.now() < deadline) {
    const signature = signWhippy(body, webhookSecret, Math.floor(Date.now() / 1_000));
    const answer = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json", [WHIPPY_SIGNATURE_HEADER]: signature },
      body,
    });
    said = await answer.text();
    count(String(answer.status));
    if (answer.ok) return;
    await delay(100 + Math.random() * 200);
  }
  // Without an acknowledgement it is not lost, but whoever delivers has given up by now.
  count(`nothing else for ${longestDelivery / 1_000} s than ${said}`);
}

/** What is projected, and how many events are kept, in whichever state. */
async function stateOf(url: string): Promise<string> {
  const database = await Database.open(loadConfig({ DATABASE_URL: url }).database, 2);
  try {
    const kept = await database.read<{ status: string; count: number | string }>(
      "SELECT status, COUNT(*) AS count FROM webhook_events GROUP BY status ORDER BY status",
    );
    const events = kept.map(({ status, count }) => `${status}: ${count}`).join(", ");
    return `${events}\n${await projectedState(database)}`;
  } finally {
    await database.close();
  }
}
