import type { MigrationInterface } from "typeorm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../src/store/migrations/migrate.js";
import { onDatabase } from "../support/callers.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { createTestDatabase, sample, type TestDatabase } from "../support/service.js";

/** What a newer release may do to tables that this one writes. */
const expands: MigrationInterface = {
  name: "Expands9999999999999",
  up: async (runner) => {
    await runner.query("ALTER TABLE sessions ADD COLUMN added_text varchar(20) NULL");
    await runner.query("ALTER TABLE messages ADD COLUMN added_count int NOT NULL DEFAULT 0");
    await runner.query("ALTER TABLE webhook_events ADD COLUMN added_text varchar(20) NULL");
    await runner.query("CREATE INDEX ix_added ON sessions (added_text)");
    await runner.query("CREATE TABLE added (id int NOT NULL, PRIMARY KEY (id))");
  },
  down: () => Promise.resolve(),
};

describe("an instance that meets the tables of a newer release", () => {
  let database: TestDatabase;
  let running: RunningProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    running = await startProcess({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await running.end("SIGKILL");
    await database.drop();
  });

  const ready = async () => (await (await fetch(`${running.url}/readyz`)).json()) as Record<string, unknown>;
  const deliver = async (name: "started" | "ended" | "analyzed") => {
    const answer = await fetch(`${running.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(await sample(name)),
    });
    return [answer.status, ((await answer.json()) as { status: string }).status];
  };
  const warning = /"migrations":\["Expands9999999999999"\],"msg":"a newer release has changed the tables/g;

  it("says nothing while they are its own", async () => {
    expect(await ready()).not.toHaveProperty("newerMigrations");
    expect(await deliver("started")).toEqual([200, "stored"]);
  });

  it("says so in /readyz and once in the log, and goes on", async () => {
    await onDatabase(database, async ({ writer }) => {
      writer.migrations.push(expands);
      expect((await migrate(writer)).map(({ name }) => name)).toEqual([expands.name]);
    });
    expect(await ready()).toMatchObject({ status: "ready", newerMigrations: [expands.name] });
    await ready();
    expect(await deliver("ended")).toEqual([200, "stored"]);
    expect(running.output().match(warning)).toHaveLength(1);
  });

  it("starts on them, too, and serves", async () => {
    await running.end("SIGTERM");
    running = await startProcess({ DATABASE_URL: database.url });
    expect(running.output().match(warning)).toHaveLength(1);
    expect(await deliver("analyzed")).toEqual([200, "stored"]);
    const answer = await fetch(`${running.url}/graphql`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: "{ sessions { nodes { status messages { nodes { direction } } } } }" }),
    });
    expect(await answer.json()).toMatchObject({ data: { sessions: { nodes: [{ status: "ANALYZED" }] } } });
  });
});
