import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startService, type TestService } from "../support/service.js";

const forms = "Apollo refuses what a foreign page could send without asking (cross-site request forgery).";
const statuses =
  "Apollo answers 400 to a document it does not execute, also where only application/json is accepted.";

/** What of the audit does not pass, and why. All of it is MAY or SHOULD. */
const exceptions: Readonly<Record<string, string>> = {
  "5A70": forms,
  D6D5: forms,
  "6A70": forms,
  "572B": statuses,
  FDE2: statuses,
  "7B9B": statuses,
};

describe("GraphQL over HTTP, by the official audit", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each(
    serverAudits({ url: () => `${service.url}/graphql` }).map(({ id, name, fn }) => ({ id, name, fn })),
  )("$id: $name", async ({ id, fn }) => {
    const { status } = await fn();
    expect(status === "ok").toBe(!(id in exceptions));
  });
});

describe("a path below /graphql", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each([
    ["/graphql/", 200],
    ["/graphql/strem", 404],
    ["/graphql/stream/more", 404],
  ])("is served only where there is something: %s", async (path, status) => {
    const response = await fetch(`${service.url}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: "{ __typename }" }),
    });
    expect(response.status).toBe(status);
    const told = status === 200 ? { data: {} } : { errors: [{ extensions: { code: "NOT_FOUND" } }] };
    expect(await response.json()).toMatchObject(told);
  });
});
