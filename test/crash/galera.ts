import { execFile } from "node:child_process";
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
import { BuiltService, webhookSecret } from "../support/rehearsal/built-service.js";
import { freePort } from "../support/rehearsal/free-port.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";
import { projectedState } from "../support/state-digest.js";

const script = fileURLToPath(new URL("../../.ci/galera.sh", import.meta.url));
const sessionsPerRound = 150;
const atOnce = 16;
const longestDelivery = 60_000;

/**
 * Three nodes that all take writes, an instance of the service on each, and every session's events on all of
 * them at once.
 */
export const galera: Scenario = async (rounds, report) => {
  const folder = await mkdtemp(path.join(tmpdir(), "galera-"));
  const env = { ...process.env, GALERA_DIR: folder, GALERA_PORT: String(await freePort()) };
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
  const bodies = Array.from(sessions, ({ envelopes }) =>
    envelopes.map((envelope) => Buffer.from(JSON.stringify(envelope))),
  ).flat();
  const answers = new Map<string, number>();
  const count = (status: string) => answers.set(status, (answers.get(status) ?? 0) + 1);
  // Neighbours are of one session, or agent; each event goes to all nodes at once.
  const waiting = [...shuffleAndDuplicate(bodies, { shuffle: true, duplicate: 0.3, window: 8, seed: round })];
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
        const event = body;
        await Promise.all(services.map((service) => deliver(service, event, count)));
      }
    }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  for (const body of bodies) await deliver(reference, body, () => undefined);
  const states = await Promise.all([...urls, `sqlite:${path.join(folder, "reference.sqlite")}`].map(stateOf));
  const [expected] = states.slice(-1);
  const torn = states.slice(0, -1).filter((state) => state !== expected).length;
  const odd = [...answers].filter(([status]) => !/^(200|503)$/.test(status));
  return {
    figures: {
      events: bodies.length,
      "deliveries/s": Math.round([...answers.values()].reduce((sum, n) => sum + n, 0) / seconds),
      "503": answers.get("503") ?? 0,
      "nodes in another state": torn,
    },
    problems: [
      ...services.flatMap((service) => service.problems()),
      ...odd.map(([status, n]) => `${n} deliveries were answered with ${status}.`),
      ...(torn > 0 ? [`${torn} nodes hold another state than a single server.`] : []),
    ],
  };
}

/** As Whippy: again until it is taken. */
async function deliver(service: BuiltService, body: Buffer, count: (status: string) => void): Promise<void> {
  const deadline = performance.now() + longestDelivery;
  while (performance.now() < deadline) {
    const signature = signWhippy(body, webhookSecret, Math.floor(Date.now() / 1_000));
    const answer = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json", [WHIPPY_SIGNATURE_HEADER]: signature },
      body,
    });
    await answer.arrayBuffer();
    count(String(answer.status));
    if (answer.ok) return;
    await delay(100 + Math.random() * 200);
  }
  count("never taken");
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
