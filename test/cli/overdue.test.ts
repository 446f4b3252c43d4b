import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { newEvent } from "../support/listening.js";
import { startService } from "../support/service.js";
import { builtCommand } from "../support/built-command.js";

const command = builtCommand("events");

describe("npm run events -- overdue", () => {
  it("lists what is missing by ids and times, for a ticket", async () => {
    const service = await startService({ EXPECT_ANALYSIS_SECONDS: "1" });
    const { data, ...event } = await newEvent("ended");
    expect((await service.post({ ...event, data })).status).toBe(200);
    await vi.waitFor(
      async () => {
        const { data: counted } = await service.query("{ expectations { totalCount } }");
        expect(counted).toEqual({ expectations: { totalCount: 1 } });
      },
      { timeout: 10_000 },
    );
    const overdue = (organization: string) =>
      promisify(execFile)(process.execPath, [command, "overdue", "--organization", organization], {
        env: { ...process.env, DATABASE_URL: service.database.url },
      });
    const organization = String(data.agent_version.organization_id);
    const { stdout, stderr } = await overdue(organization);
    const [names = "", line = "", rest] = stdout.split("\n");
    expect(names.split("\t").slice(0, 4)).toEqual(["kind", "organization", "session", "conversation"]);
    expect(line.split("\t").slice(0, 4)).toEqual(["ANALYSIS", organization, data.id, data.conversation_id]);
    expect([rest, stderr]).toEqual(["", "1 overdue\n"]);
    expect((await overdue(String(data.id))).stderr).toBe("0 overdue\n");
    await service.stop();
  });
});
