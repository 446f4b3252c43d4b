import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAlert } from "../support/alerts.js";
import { builtCommand } from "../support/built-command.js";
import { organizationA } from "../support/callers.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";
import { startReceiver, type WebhookReceiver } from "../support/webhook-receiver.js";

const command = builtCommand("alerts");
const everywhere = "--all-organizations";

describe("npm run alerts", () => {
  let database: TestDatabase;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startReceiver();
  });
  afterAll(async () => {
    await receiver.stop();
    await database.drop();
  });

  async function alerts(...args: string[]) {
    const env = { ...process.env, DATABASE_URL: database.url, ALERT_PRIVATE_TARGETS: "127.0.0.1" };
    return await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, [command, ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, stdout, stderr });
      });
    });
  }

  const add = (name: string, ...more: string[]) =>
    alerts("add", "--name", name, "--url", receiver.url, ...more);

  it("adds a rule, tries it out, and removes it", async () => {
    const { code, stdout, stderr } = await add("unhappy", "--organization", organizationA);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^whsec_\S{44}\n$/)]);
    const id = /\((\S+)\)/.exec(stderr)?.[1] ?? "";
    expect(await alerts("test", "unhappy")).toMatchObject({ code: 0, stdout: "HTTP 200\n" });
    const [received] = receiver.received;
    if (received === undefined) throw new Error("Nothing came.");
    expect(readAlert({ secret: stdout.trim() }, received)).toMatchObject({
      type: "test",
      data: { rule: { id, name: "unhappy" } },
    });
    expect(await alerts("retry", id)).toMatchObject({ stderr: "0 messages are sent once more.\n" });
    expect(await alerts("remove", id)).toMatchObject({ code: 0, stderr: "Removed unhappy.\n" });
  });

  it("shows rules without their secrets", async () => {
    const filter = JSON.stringify({ userSentiment: { eq: "negative" } });
    const missing = ["--slack", "--expectations", "end,analysis", "--filter", filter];
    const added = await add("missing", everywhere, ...missing);
    const statistic = ["--measure", "share:sentiment=negative", "--above", "0.3", "--window", "24h"];
    expect(await add("moods", everywhere, ...statistic, "--per-agent")).toMatchObject({ code: 0 });
    const { stdout } = await alerts("list");
    expect(stdout).toContain(`expectation: {"expectations":["ANALYSIS","END"],"filter":${filter}}`);
    expect(stdout).toContain('"measure":"share:sentiment=negative","threshold":0.3,"windowSeconds":86400');
    expect(stdout).toContain(`to: ${new URL(receiver.url).origin} (slack, masked)`);
    for (const secret of [added.stdout.trim(), "/webhooks/whippy"]) expect(stdout).not.toContain(secret);
  });

  it.each([
    ["a field", [everywhere, "--filter", '{"mood":{}}'], "filter.mood: is no field of SessionFilter"],
    ["what is masked", [everywhere, "--filter", '{"search":"Ann"}'], "filter.search: is withheld"],
    ["whose", [], "say either --organization <uuid> or --all-organizations"],
    ["a threshold", [everywhere, "--measure", "count", "--window", "1h"], "--above or --below"],
  ])("refuses what it does not understand: %s", async (_, args, rule) => {
    const { code, stdout, stderr } = await add("refused", ...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(rule);
  });

  it.each([
    ["http://example.com/", "must be an https:// URL"],
    ["https://user:word@example.com/", "must hold no user and no password"],
  ])("refuses the receiver %s", async (url, rule) => {
    const { code, stderr } = await alerts("add", "--name", "refused", everywhere, "--url", url);
    expect(code).toBe(1);
    expect(stderr).toContain(`url: ${rule}`);
    expect(stderr).not.toContain("word@");
  });
});
