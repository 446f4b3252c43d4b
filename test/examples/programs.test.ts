import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { addRule } from "../support/alerts.js";
import { onDatabase } from "../support/callers.js";
import { postAnalyzed } from "../support/listening.js";
import { sample, startService, type TestService } from "../support/service.js";

/** The programs of examples/, run as examples/README.md says. */
describe("an example's program", () => {
  let service: TestService;
  let folder: string;
  const running: ChildProcess[] = [];
  beforeAll(async () => {
    service = await startService({ ALERT_PRIVATE_TARGETS: "127.0.0.1" });
    folder = await mkdtemp(path.join(tmpdir(), "examples-"));
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function run(...command: string[]) {
    const child = spawn(process.execPath, ["--import", "tsx", ...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.push(child);
    const program = { said: "", child };
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: Buffer) => (program.said += text.toString()));
    return program;
  }

  it("says which agents leave candidates unhappy", async () => {
    const event = await sample("analyzed");
    event.data.user_sentiment = "negative";
    event.data.chat_summary = "The candidate hung up.";
    expect((await service.post(event)).status).toBe(200);
    const program = run("examples/unhappy-candidates.ts", `${service.url}/graphql`);
    await vi.waitFor(() => {
      expect(program.child.exitCode).toBe(0);
    }, 30_000);
    expect(program.said).toContain("1 sessions, 100 % negative");
    expect(program.said).toContain("The candidate hung up.");
  });

  it.each(["apollo-client", "urql"])(
    "watches with %s, and prints what it missed while it was stopped",
    async (client) => {
      const command = ["examples/watch.ts", client, `${service.url.replace("http", "ws")}/graphql`];
      const cursor = path.join(folder, client);
      const first = run(...command, cursor);
      // It knows where it began before it has heard of anything.
      await vi.waitFor(async () => {
        expect(await readFile(cursor, "utf8")).not.toBe("");
      }, 30_000);
      first.child.kill("SIGTERM");
      const missed = await postAnalyzed(service, 2);
      const second = run(...command, cursor);
      await vi.waitFor(() => {
        for (const id of missed) expect(second.said).toContain(id);
      }, 30_000);
      second.child.kill("SIGTERM");
    },
  );

  it("receives alarms, and verifies them", async () => {
    const secret = `whsec_${Buffer.alloc(32, "key").toString("base64")}`;
    const program = run("examples/alarm-receiver.ts", secret, "0");
    await expect.poll(() => program.said).toMatch(/listening on \d+/);
    const url = `http://127.0.0.1:${/\d+/.exec(program.said)?.[0] ?? ""}/`;
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
    await onDatabase(service.database, (opened) => addRule(opened, url, { name: "each", secret }));
    const [id = ""] = await postAnalyzed(service, 1);
    await expect.poll(() => program.said).toContain(`each: session.analyzed ${id}`);
  });
});
