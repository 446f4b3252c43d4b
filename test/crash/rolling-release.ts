import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../../src/webhook/signature/whippy-signature.js";
import { audit, auditProblems } from "../support/rehearsal/audit.js";
import { BuiltService, webhookSecret } from "../support/rehearsal/built-service.js";
import { Deliveries } from "../support/rehearsal/deliveries.js";
import { follow, untilComplete } from "../support/rehearsal/follower.js";
import { DatabaseServer } from "../support/rehearsal/database-server.js";
import { MovableProxy } from "../support/rehearsal/movable-proxy.js";
import { addedField, buildLastRelease, buildNextRelease } from "../support/rehearsal/releases.js";
import type { Outcome, Scenario } from "../support/rehearsal/scenario.js";
import { sample, type SampleName } from "../support/service.js";

const perSecond = 25;
const eventsPerStep = 30;
const followersPerInstance = 4;
const contested = 20;
const recoverySeconds = 30;

/** Two builds of the service, each a folder with `dist`. */
interface Releases {
  readonly last: string;
  readonly next: string;
}

/**
 * Two instances of the last release are replaced by the next one, one after the other, while events come
 * through both and subscribers listen; then one goes back. The next release adds a field of the payload: what
 * the last one took has it after a replay.
 */
export const rollingRelease: Scenario = async (rounds, report) => {
  const folder = await mkdtemp(path.join(tmpdir(), "releases-"));
  try {
    const releases = { last: await buildLastRelease(folder), next: await buildNextRelease(folder) };
    for (let round = 0; round < rounds; round += 1) report(await rollOnce(releases));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function rollOnce(releases: Releases): Promise<Outcome> {
  const server = await DatabaseServer.start();
  const rollout = new Rollout(releases, { DATABASE_URL: await server.createAccount() });
  try {
    return await rollout.play(server);
  } finally {
    await rollout.end();
    await server.stop();
  }
}

/** An address that clients know, and what serves there now. */
interface Place {
  readonly proxy: MovableProxy;
  readonly deliveries: Deliveries;
  service: BuiltService;
}

class Rollout {
  private readonly services: BuiltService[] = [];
  private readonly places: Place[] = [];
  private readonly problems: string[] = [];
  private readonly begunAt = new Date().toISOString();

  constructor(
    private readonly releases: Releases,
    private readonly environment: Record<string, string>,
  ) {}

  async play(server: DatabaseServer): Promise<Outcome> {
    for (const service of [await this.start("last"), await this.start("last")])
      this.places.push(await openPlace(service));
    const urls = this.places.map(({ proxy }) => `http://127.0.0.1:${proxy.port}`);
    const followers = (await Promise.all(urls.map((url) => follow(followersPerInstance, url)))).flat();
    try {
      await this.step();
      await this.replace(0, "next");
      await this.step();
      await this.replace(1, "next");
      await this.step();
      await this.replace(0, "last");
      await this.step();
      const all = this.places.map(({ deliveries }) => deliveries);
      await Promise.all(all.map((deliveries) => deliveries.finish(recoverySeconds)));
      const acknowledged = all.flatMap((deliveries) => deliveries.acknowledged);
      const ids = acknowledged.map(({ sessionId }) => sessionId);
      await untilComplete(followers, ids, recoverySeconds);
      const found = await audit(server, acknowledged);
      const field = await this.checkField(server);
      return {
        figures: {
          acknowledged: acknowledged.length,
          refused: all.reduce((sum, { refused }) => sum + refused, 0),
          lost: found.lost,
          "falsely dead": found.falselyDead,
          ...field,
        },
        problems: [
          ...this.problems,
          ...this.services.flatMap((service) => service.problems()),
          ...all.flatMap((deliveries) => deliveries.problems(true)),
          ...auditProblems(found),
          ...followers.flatMap((follower) => follower.problems(ids)),
          ...followers.flatMap(({ errors }) => errors.map((code) => `A subscriber was told ${code}.`)),
        ],
      };
    } finally {
      for (const follower of followers) follower.leave();
    }
  }

  async end(): Promise<void> {
    for (const { proxy } of this.places) proxy.stop();
    await Promise.all(this.services.map((service) => service.stop("SIGKILL")));
  }

  private async start(release: keyof Releases): Promise<BuiltService> {
    const service = await BuiltService.start(this.environment, this.releases[release]);
    this.services.push(service);
    return service;
  }

  /** Events through both instances. */
  private async step(): Promise<void> {
    const each = this.places.map(({ deliveries }) =>
      deliveries.untilAcknowledged(eventsPerStep, recoverySeconds),
    );
    await Promise.all(each);
  }

  /** Starts another instance beside both, leads a place to it, and stops the one that served there. */
  private async replace(at: number, release: keyof Releases): Promise<void> {
    const place = this.places[at];
    if (place === undefined) throw new Error(`There is no place ${at}.`);
    const successor = await this.start(release);
    await this.expectTold(release === "last" ? successor : place.service);
    await this.step();
    place.proxy.pointTo(successor.port);
    const predecessor = place.service;
    place.service = successor;
    await predecessor.stop("SIGTERM");
  }

  /** An instance of the last release says that the tables are those of a newer one; the next one does not. */
  private async expectTold(service: BuiltService): Promise<void> {
    const deadline = Date.now() + recoverySeconds * 1_000;
    for (;;) {
      const { newerMigrations } = await service.readiness();
      if (Array.isArray(newerMigrations) && newerMigrations.length === 1) return;
      if (Date.now() > deadline) break;
      await delay(100);
    }
    this.problems.push("/readyz of the last release names no newer migration.");
  }

  /**
   * What the next release adds: a value that it read stands against events of the last release that are newer
   * as a whole, and a replay fills in what the last release left out.
   */
  private async checkField(server: DatabaseServer): Promise<Record<string, number>> {
    const [last, next] = this.places.map(({ service }) => service);
    if (last === undefined || next === undefined) throw new Error("There are two instances.");
    const ids = Array.from({ length: contested }, () => randomUUID());
    await Promise.all(
      ids.map(async (id) => {
        await this.deliver(next, "ended", id, "2026-01-01T00:00:01Z", "first");
        await this.deliver(last, "analyzed", id, "2026-01-01T00:00:03Z", "third");
        await this.deliver(next, "ended", id, "2026-01-01T00:00:02Z", "second");
      }),
    );
    const column = addedField.column;
    const count = async (condition: string, values: readonly unknown[] = []) => {
      const sql = `SELECT COUNT(*) AS count FROM app.sessions WHERE ${condition}`;
      const [row] = await server.query<{ count: number }>(sql, values);
      return Number(row?.count);
    };
    const ofThese = (value: string) => count(`id IN (?) AND ${column} = ?`, [ids, value]);
    const before = { second: await ofThese("second"), absent: await count(`${column} IS NULL`) };
    await this.command("events", "replay", "--since", this.begunAt);
    await this.command("migrate", "--check");
    const after = { third: await ofThese("third"), absent: await count(`${column} IS NULL`) };
    if (before.second !== contested)
      this.problems.push(`${contested - before.second} sessions lost the order of the new field's values.`);
    if (before.absent === 0) this.problems.push("The last release took nothing: this rehearsed nothing.");
    if (after.third !== contested || after.absent !== 0)
      this.problems.push("A replay did not fill in what the last release left out.");
    return { "without the new field": before.absent, "after a replay": after.absent };
  }

  private async deliver(
    service: BuiltService,
    name: SampleName,
    id: string,
    createdAt: string,
    rating: string,
  ): Promise<void> {
    const payload = await sample(name);
    payload.request_id = randomUUID();
    payload.created_at = createdAt;
    Object.assign(payload.data, { id, messages: [], [addedField.payload]: rating });
    const body = Buffer.from(JSON.stringify(payload));
    const signature = signWhippy(body, webhookSecret, Math.floor(Date.now() / 1_000));
    const answer = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json", [WHIPPY_SIGNATURE_HEADER]: signature },
      body,
    });
    const said = await answer.text();
    if (answer.status !== 200) this.problems.push(`An event was answered with ${answer.status}: ${said}`);
  }

  /** A command of the next release. */
  private async command(name: string, ...words: string[]): Promise<void> {
    const file = path.join(this.releases.next, "dist", "cli", `${name}.js`);
    const env = { PATH: process.env.PATH, ...this.environment };
    await promisify(execFile)(process.execPath, [file, ...words], { env }).catch((error: unknown) => {
      const { stderr = "", stdout = "" } = error as { stderr?: string; stdout?: string };
      this.problems.push(`${name} ${words.join(" ")} failed: ${stdout}${stderr}`);
    });
  }
}

async function openPlace(service: BuiltService): Promise<Place> {
  const proxy = await MovableProxy.start(service.port);
  const further = { [addedField.payload]: "good" };
  return {
    proxy,
    service,
    deliveries: new Deliveries(`http://127.0.0.1:${proxy.port}`, { perSecond, further }),
  };
}
