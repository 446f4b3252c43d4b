import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import { lacksBrowser, openPage, screenshots, startBrowser } from "../support/browser.js";
import { makeKey, organizationA } from "../support/callers.js";
import { newEvent } from "../support/listening.js";
import { createTestDatabase, startService, type TestDatabase, type TestService } from "../support/service.js";

const cdn = "https://embeddable-sandbox.cdn.apollographql.com/**";

describe("GRAPHQL_EXPLORER", () => {
  it("is Sandbox or GraphiQL by itself, one of them where it is named, and off in production", () => {
    const explorerOf = (environment: Record<string, string>) => loadConfig(environment).graphql.explorer;
    expect(explorerOf({})).toBe("auto");
    expect(explorerOf({ GRAPHQL_EXPLORER: "true" })).toBe("auto");
    expect(explorerOf({ GRAPHQL_EXPLORER: "graphiql" })).toBe("graphiql");
    expect(explorerOf({ GRAPHQL_EXPLORER: "false" })).toBe(false);
    expect(explorerOf({ NODE_ENV: "production", WEBHOOK_SECRETS: "a" })).toBe(false);
    expect(() => explorerOf({ GRAPHQL_EXPLORER: "graphql" })).toThrow("sandbox or graphiql");
  });

  it.each([
    ["false", "/explorer", 401],
    ["graphiql", "/explorer", 200],
  ])("%s: GET %s answers %i", async (GRAPHQL_EXPLORER, path, status) => {
    const service = await startService({ GRAPHQL_EXPLORER, JWT_SECRET: "x".repeat(32) });
    expect((await fetch(`${service.url}${path}`)).status).toBe(status);
    await service.stop();
  });
});

describe.skipIf(lacksBrowser)("the explorer in a browser without the internet", () => {
  let browser: Browser;
  let database: TestDatabase;
  let service: TestService;
  let key: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    key = (await makeKey(database)).text;
    [browser, service] = await Promise.all([startBrowser(), startService({}, database)]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
    await database.drop();
  });

  it("is GraphiQL from our own files, which runs a worked operation with the key", async () => {
    const { page, errors } = await openPage(browser, "about:blank");
    await page.route(cdn, (route) => route.abort());
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(service.url)) foreign.push(request.url());
    });
    await page.goto(`${service.url}/graphql`);
    await page.waitForURL(`${service.url}/explorer`);
    await page.getByLabel("API key or token").fill(key);
    await page.getByLabel("API key or token").press("Tab");
    await page.getByText("query Sessions").first().waitFor();
    await page.getByRole("button", { name: /execute/i }).click();
    await page.getByRole("menuitem", { name: "Sessions", exact: true }).click();
    await page.locator(".result-window").getByText("hasNextPage").waitFor();
    await page.screenshot({ path: `${screenshots}/explorer.png` });
    await page.getByRole("button", { name: /execute/i }).click();
    await page.getByRole("menuitem", { name: "Analyzed" }).click();
    await page.getByRole("button", { name: /stop/i }).waitFor();
    const event = await newEvent("analyzed", { chat_summary: "Told live." });
    event.data.agent_version.organization_id = organizationA;
    await expect
      .poll(async () => {
        event.request_id = crypto.randomUUID();
        event.data.id = crypto.randomUUID();
        await service.post(event);
        return await page.locator(".result-window").getByText("Told live.").count();
      })
      .toBeGreaterThan(0);
    expect(foreign.filter((url) => !url.startsWith(cdn.slice(0, -2)) && /^(?:http|ws)s?:/.test(url))).toEqual(
      [],
    );
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("says that Sandbox cannot be reached where the address asks for it", async () => {
    const { page } = await openPage(browser, "about:blank");
    await page.route(cdn, (route) => route.abort());
    await page.goto(`${service.url}/graphql?explorer=sandbox`);
    await page.getByText("Apollo Sandbox cannot be reached.").waitFor();
    await page.getByRole("link", { name: /GraphiQL/ }).click();
    await page.waitForURL(`${service.url}/explorer`);
    await page.context().close();
  });
});
