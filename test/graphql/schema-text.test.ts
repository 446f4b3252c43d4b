import { readFile } from "node:fs/promises";
import { buildSchema } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unnamedBreakingChanges, unreleasedPart } from "../../src/graphql/breaking-changes.js";
import { makeKey } from "../support/callers.js";
import { startService, type TestService } from "../support/service.js";

describe("GET /schema.graphql", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({
      JWT_SECRET: "a secret of at least thirty-two bytes",
      GRAPHQL_INTROSPECTION: "false",
    });
  });
  afterAll(async () => {
    await service.stop();
  });

  it("is the committed schema, for whoever may query", async () => {
    const { header: headers } = await makeKey(service.database);
    const answer = await fetch(`${service.url}/schema.graphql`, { headers });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toBe(await readFile(new URL("../../schema.graphql", import.meta.url), "utf8"));
    expect(buildSchema(text).getQueryType()?.description).toBeTruthy();
    const again = await fetch(`${service.url}/schema.graphql`, {
      headers: { ...headers, "If-None-Match": answer.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  it("is refused to strangers", async () => {
    expect((await fetch(`${service.url}/schema.graphql`)).status).toBe(401);
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
