import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Database } from "../../src/store/database.js";
import { builtCommand } from "../support/built-command.js";
import { createTestDatabase, sample, startService, type TestDatabase } from "../support/service.js";
import type { TestService } from "../support/service.js";

const query = `query ($id: ID!) {
  session(id: $id) { agentVersion { name } }
  sessions(filter: { agentVersion: { id: { eq: $id } } }) { nodes { agentVersion { name } } }
}`;

describe("the newest content of an agent version", () => {
  let database: TestDatabase;
  let services: [TestService, TestService];
  let version: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    services = [await startService({}, database), await startService({}, database)];
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
    await database.drop();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  async function deliver(name: string, day = 20, to = services[0]): Promise<void> {
    const event = await sample("analyzed");
    event.request_id = randomUUID();
    event.created_at = `2025-08-${String(day).padStart(2, "0")}T00:00:00Z`;
    event.data.id = randomUUID();
    event.data.messages = [];
    event.data.agent_version = { ...event.data.agent_version, id: version, name };
    expect((await to.post(event)).status).toBe(200);
  }

  /** The names of the version that a service serves with its sessions, each once. */
  async function served(by: TestService): Promise<string[]> {
    const { data, errors } = await by.query<{ sessions: { nodes: { agentVersion: { name: string } }[] } }>(
      query,
      { id: version },
    );
    expect(errors).toBeUndefined();
    return [...new Set(data.sessions.nodes.map(({ agentVersion }) => agentVersion.name))];
  }

  /** How many statements of clients' match. */
  const statements = async (work: () => Promise<unknown>, pattern = /FROM agent_version/) => {
    const read = vi.spyOn(Database.prototype, "readForClients");
    await work();
    const count = read.mock.calls.filter(([sql]) => pattern.test(sql)).length;
    read.mockRestore();
    return count;
  };
  const contentsRead = (work: () => Promise<unknown>) => statements(work, /\br\.name AS\b/);

  it("is read once, where there is no other one", async () => {
    version = randomUUID();
    await deliver("The only one");
    expect(await served(services[1])).toEqual(["The only one"]);
    expect(await statements(() => served(services[1]))).toBe(0);
    // Another session changes no content.
    await deliver("The only one", 21);
    expect(await statements(() => served(services[1]))).toBe(0);
    expect(await served(services[1])).toEqual(["The only one"]);
  });

  it("is another one at once, on all instances, when a newer event carries it", async () => {
    version = randomUUID();
    await deliver("As it was");
    for (const service of services) expect(await served(service)).toEqual(["As it was"]);
    await deliver("As it is", 22, services[1]);
    for (const service of services) expect(await served(service)).toEqual(["As it is"]);
    await deliver("Long ago", 1, services[1]);
    await deliver("As it was", 23);
    for (const service of services) expect(await served(service)).toEqual(["As it was"]);
  });

  it("of an edited one is found without its contents being read again, unless there are many", async () => {
    version = randomUUID();
    for (let day = 1; day <= 8; day += 1) await deliver(`Edition ${day}`, day);
    expect(await served(services[1])).toEqual(["Edition 8"]);
    expect(await contentsRead(() => served(services[1]))).toBe(0);
    await deliver("Edition 3", 9);
    expect(await contentsRead(() => served(services[1]))).toBe(0);
    expect(await served(services[1])).toEqual(["Edition 3"]);
    await deliver("Edition 9", 10);
    expect(await served(services[1])).toEqual(["Edition 9"]);
    expect(await contentsRead(() => served(services[1]))).toBe(1);
    expect(await served(services[1])).toEqual(["Edition 9"]);
  });

  it("is without what an erasure took out of it, on all instances", async () => {
    version = randomUUID();
    await deliver("Agent of ann@example.org");
    for (const service of services) expect(await served(service)).toEqual(["Agent of ann@example.org"]);
    const person = await sample("analyzed");
    person.request_id = randomUUID();
    person.data.id = randomUUID();
    for (const message of person.data.messages) {
      message.id = randomUUID();
      for (const side of ["from", "to"])
        if (message[side] === "+13237452021") message[side] = "ann@example.org";
    }
    await services[0].post(person);
    await promisify(execFile)(
      process.execPath,
      [builtCommand("privacy"), "erase", "--email", "ann@example.org"],
      { env: { ...process.env, DATABASE_URL: database.url, DATABASE_TIMEOUT_SECONDS: "2" } },
    );
    for (const service of services) expect((await served(service)).join()).not.toContain("ann@");
  });
});
