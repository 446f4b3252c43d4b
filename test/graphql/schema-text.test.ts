import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unnamedBreakingChanges, unreleasedPart } from "../../src/graphql/breaking-changes.js";
import { makeKey } from "../support/callers.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

describe("GET /schema.graphql", () => {
  let database: TestDatabase;
  let service: TestService;
  let reader: { Authorization: string };
  let operator: { Authorization: string };
  beforeAll(async () => {
    database = await createTestDatabase();
    reader = (await makeKey(database)).header;
    operator = (await makeKey(database, { role: "operator" })).header;
    service = await startService({}, database);
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  it("is the committed schema, for whoever may query", async () => {
    const answer = await fetch(`${service.url}/schema.graphql`, { headers: reader });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toBe(await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"));
    expect(buildSchema(text).getQueryType()?.description).toBeTruthy();
    const again = await fetch(`${service.url}/schema.graphql`, {
      headers: { ...reader, "If-None-Match": answer.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  it("is refused to strangers", async () => {
    expect((await fetch(`${service.url}/schema.graphql`)).status).toBe(401);
  });

  it("is for whoever may query without introspection, and for operators with a list of operations", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "allow-list-"));
    const list = path.join(folder, "list");
    await writeFile(list, "");
    for (const [environment, expected] of [
      [{ GRAPHQL_INTROSPECTION: "false" }, [200, 200]],
      [{ GRAPHQL_ALLOW_LIST: list }, [403, 200]],
    ] as const) {
      const other = await startService(environment, database);
      const statuses = [reader, operator].map(
        async (headers) => (await fetch(`${other.url}/schema.graphql`, { headers })).status,
      );
      expect(await Promise.all(statuses)).toEqual(expected);
      await other.stop();
    }
    await rm(folder, { recursive: true });
  });
});

describe("a release's schema", () => {
  const released = "type Query { sessions: Int, count: Int, status: Status } enum Status { STARTED ENDED }";
  const present = "type Query { sessions: String, count: Int } enum Status { STARTED }";

  it("may be broken only by what the changelog names", () => {
    expect(unnamedBreakingChanges(released, released, "")).toEqual([]);
    expect(unnamedBreakingChanges(released, present, "")).toHaveLength(3);
    expect(
      unnamedBreakingChanges(released, present, "`Query.sessions` is text. `Query.status` is gone."),
    ).toEqual(["ENDED was removed from enum type Status."]);
    const all = "- `Query.sessions` is text.\n- `Query.status` is gone.\n- `ENDED` is no `Status` any more.";
    expect(unnamedBreakingChanges(released, present, all)).toEqual([]);
  });

  it("is not excused by what an earlier release has named", () => {
    const changelog = "# Changelog\n\n## Unreleased\n\n- `A.b`\n\n## 1.0.0\n\n- `C.d`\n";
    expect(unreleasedPart(changelog)).toContain("A.b");
    expect(unreleasedPart(changelog)).not.toContain("C.d");
  });
});
