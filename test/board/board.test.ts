import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  lacksBrowser,
  openPage,
  overflowOf,
  screenshots,
  startBrowser,
  violationsOf,
} from "../support/browser.js";
import { makeKey, organizationA } from "../support/callers.js";
import { newEvent, postAnalyzed } from "../support/listening.js";
import { type PrefixProxy, startPrefixProxy } from "../support/prefix-proxy.js";
import { freePort } from "../support/rehearsal/free-port.js";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import {
  createTestDatabase,
  sample,
  startService,
  type TestDatabase,
  type TestService,
} from "../support/service.js";

const phone = { width: 360, height: 740 };
const rows = (page: Page) => page.locator(".rows li");
const idsOf = (page: Page) =>
  page.evaluate<string[]>("[...document.querySelectorAll('.rows li')].map((row) => row.dataset.session)");
const untilLive = (page: Page) => page.locator("main .pill-live").first().waitFor();

describe.skipIf(lacksBrowser)("the board in a browser", () => {
  let browser: Browser;
  let service: TestService;
  beforeAll(async () => {
    [browser, service] = await Promise.all([startBrowser(), startService()]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  const open = (path = "", options = {}) => openPage(browser, `${service.url}/${path}`, options);

  it("shows a session within two seconds of its delivery, first", async () => {
    await postAnalyzed(service, 3);
    const { page, errors } = await open("#/sessions");
    await untilLive(page);
    await rows(page).nth(2).waitFor();
    const [id] = await postAnalyzed(service, 1);
    await rows(page)
      .locator(`nth=0`)
      .and(page.locator(`[data-session="${String(id)}"]`))
      .waitFor({ timeout: 2_000 });
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("tells what happens now, and what waits", async () => {
    const { page, errors } = await open();
    await untilLive(page);
    const ended = await newEvent("ended");
    expect((await service.post(ended)).status).toBe(200);
    await page.locator(".ticker li").first().getByText("ended").waitFor();
    const waits = page.locator("dt", { hasText: "wait for their analysis" }).locator("xpath=..").locator("a");
    await page.reload();
    await waits.getByText("1", { exact: true }).waitFor();
    await page.getByText("projected").waitFor();
    await page.screenshot({ path: `${screenshots}/now.png` });
    await waits.click();
    const row = page.locator(`[data-session="${String(ended.data.id)}"]`);
    await row.getByText("ended").waitFor();
    expect(await rows(page).count()).toBe(1);
    // What the filter no longer matches is not left as it was.
    const analyzed = await newEvent("analyzed", { id: ended.data.id });
    expect((await service.post(analyzed)).status).toBe(200);
    await row.getByText("analyzed").waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("keeps the filter in its address: it outlives a reload, and the way back leads out of it", async () => {
    const sad = await newEvent("analyzed", { user_sentiment: "negative" });
    expect((await service.post(sad)).status).toBe(200);
    const { page } = await open("#/sessions");
    await rows(page).nth(1).waitFor();
    const all = await rows(page).count();
    await page.getByLabel("Sentiment").fill("negative");
    await page.getByLabel("Sentiment").press("Enter");
    await page.waitForURL(/#\/sessions\?sentiment=negative$/);
    const only = [String(sad.data.id)];
    await expect.poll(() => idsOf(page)).toEqual(only);
    await page.reload();
    await expect.poll(() => idsOf(page)).toEqual(only);
    expect(await page.getByLabel("Sentiment").inputValue()).toBe("negative");
    await page.goBack();
    await expect.poll(() => rows(page).count()).toBe(all);
    await page.context().close();
  });

  it("can be paused: it counts what comes, and shows it when asked", async () => {
    const { page } = await open("#/sessions");
    await untilLive(page);
    await rows(page).first().waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const before = await idsOf(page);
    const posted = await postAnalyzed(service, 2);
    const news = page.getByRole("button", { name: "2 new" });
    await news.waitFor();
    expect(await idsOf(page)).toEqual(before);
    await news.click();
    await expect.poll(() => idsOf(page)).toEqual([...posted.reverse(), ...before]);
    await page.context().close();
  });

  it("shows a session as a chat, with the questions beside their answers", async () => {
    const { messages } = (await sample("analyzed")).data;
    const event = await newEvent("analyzed", { messages, custom_analysis_data: { Unheard_of: "x" } });
    Object.assign(messages[0] ?? {}, { delivery_status: "failed", direction: "OUTBOUND", mode: "manual" });
    expect((await service.post(event)).status).toBe(200);
    const { page, errors } = await open(`#/sessions/${String(event.data.id)}`);
    await page.getByText("no such question").waitFor();
    await page.getByText("not answered").first().waitFor();
    await page.locator(".bubble.outbound.failed", { hasText: "a person" }).waitFor();
    await page.getByText("Raw events").click();
    await page.getByText("conversation_agent_session.analyzed").first().waitFor();
    // What happens to it is shown while it is looked at.
    const again = await newEvent("analyzed", { ...event.data, custom_analysis_data: { Heard_of: "y" } });
    again.created_at = "2030-01-01T00:00:00Z";
    expect((await service.post(again)).status).toBe(200);
    await page.getByText("Analyses received").waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("reads a session anew where it may have missed what happened to it", async () => {
    const started = await newEvent("started");
    const { id } = started.data;
    const post = async (summary: string, created_at: string) => {
      const event = await newEvent("analyzed", { id, chat_summary: summary });
      expect((await service.post({ ...event, created_at })).status).toBe(200);
    };
    expect((await service.post(started)).status).toBe(200);
    const { page, errors } = await openPage(browser, "about:blank");
    // The end of the feed is found after the session was read and has changed.
    let letFind: () => void = () => undefined;
    const mayFind = new Promise<void>((resolve) => (letFind = resolve));
    await page.route("**/graphql", async (route) => {
      if (route.request().postData()?.includes("query FeedEnd") === true) await mayFind;
      await route.continue();
    });
    /** The subscription to this session, which is told nothing once it is cut. */
    let followed: string | undefined;
    let isCut = false;
    let tell: (message: string) => void = () => undefined;
    await page.routeWebSocket(/graphql/, (socket) => {
      const server = socket.connectToServer();
      tell = (message) => {
        socket.send(message);
      };
      socket.onMessage((message) => {
        if (String(message).includes(String(id))) followed ??= JSON.parse(String(message)).id;
        server.send(message);
      });
      server.onMessage((message) => {
        if (!isCut || !String(message).includes(String(followed))) socket.send(message);
      });
    });
    await page.goto(`${service.url}/#/sessions/${String(id)}`);
    await page.getByText("The session goes on.").waitFor();
    await post("Before it was followed.", "2030-01-01T00:00:00Z");
    letFind();
    await page.getByText("Before it was followed.").first().waitFor();
    await expect.poll(() => followed).toBeDefined();
    isCut = true;
    await post("While it was not told.", "2030-01-02T00:00:00Z");
    const payload = [{ message: "Gone.", extensions: { code: "CURSOR_EXPIRED" } }];
    tell(JSON.stringify({ id: followed, type: "error", payload }));
    await page.getByText("While it was not told.").first().waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("shows what it heard of a session while the page with it was under way", async () => {
    const started = await newEvent("started");
    expect((await service.post(started)).status).toBe(200);
    const { page, errors } = await openPage(browser, "about:blank");
    const frames: string[] = [];
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => frames.push(String(payload)));
    });
    await page.goto(service.url);
    await untilLive(page);
    await page.route("**/graphql", async (route) => {
      if (route.request().postData()?.includes("query Sessions") !== true) {
        await route.continue();
        return;
      }
      const response = await route.fetch();
      const ended = await newEvent("ended", { id: started.data.id });
      expect((await service.post(ended)).status).toBe(200);
      await expect.poll(() => frames.some((frame) => frame.includes(String(ended.data.id)))).toBe(true);
      await route.fulfill({ response });
    });
    await page.goto(`${service.url}/#/sessions?status=STARTED`);
    const row = page.locator(`[data-session="${String(started.data.id)}"]`);
    await row.getByText("ended").waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("takes no notice of a day in its address that there is not", async () => {
    await postAnalyzed(service, 1);
    const { page, errors } = await open("#/agents?until=2026-13-01");
    await page.locator(".agent").first().waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("counts agents' sessions by day, and each number leads to its sessions", async () => {
    await postAnalyzed(service, 2);
    const [message] = (await sample("analyzed")).data.messages;
    const byPerson = { ...message, id: randomUUID(), direction: "OUTBOUND", mode: "manual" };
    expect((await service.post(await newEvent("analyzed", { messages: [byPerson] }))).status).toBe(200);
    const { page, errors } = await open("#/agents");
    const counts: number[] = [];
    for (const name of ["Sessions", "A person stepped in"]) {
      const number = page.locator(".agent dl div", { hasText: name }).locator("a").first();
      await number.waitFor();
      const count = Number(await number.textContent());
      counts.push(count);
      await number.click();
      await expect.poll(() => rows(page).count()).toBe(count);
      await page.goBack();
    }
    const [all = 0, steppedIn = 0] = counts;
    expect(steppedIn).toBeGreaterThan(0);
    expect(all).toBeGreaterThan(steppedIn);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  const pagesWith = (id: string) => ({
    now: "#/now",
    sessions: "#/sessions",
    agents: "#/agents",
    session: `#/sessions/${id}`,
  });
  it.each(["light", "dark"] as const)("has nothing that axe finds wrong, in %s", async (colorScheme) => {
    const [id] = await postAnalyzed(service, 1);
    const { page } = await open("", { colorScheme });
    for (const [name, path] of Object.entries(pagesWith(String(id)))) {
      await page.goto(`${service.url}/${path}`);
      await page.locator(".ticker, .rows li, .agent, .chat, .empty").first().waitFor();
      expect({ path, violations: await violationsOf(page) }).toEqual({ path, violations: [] });
      await page.screenshot({
        path: `${screenshots}/${colorScheme}-${name}.png`,
      });
    }
    await page.context().close();
  });

  it("fits a phone", async () => {
    const [id] = await postAnalyzed(service, 1);
    const { page } = await open("", { viewport: phone });
    for (const [name, path] of Object.entries(pagesWith(String(id)))) {
      await page.goto(`${service.url}/${path}`);
      await page.locator(".ticker, .rows li, .agent, .chat, .empty").first().waitFor();
      expect({ path, overflow: await overflowOf(page) }).toEqual({ path, overflow: 0 });
      await page.screenshot({ path: `${screenshots}/phone-${name}.png` });
    }
    await page.context().close();
  });

  it("works by keyboard alone", async () => {
    const { page } = await open("#/sessions");
    await rows(page).first().waitFor();
    await page.keyboard.press("Tab");
    for (let at = 0; at < 30; at += 1) {
      if ((await page.evaluate<string>("document.activeElement?.className ?? ''")) === "row-title") break;
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Conversation", exact: true }).waitFor();
    // The heading of the new page has the focus, so that a screen reader reads on from there.
    expect(await page.evaluate<string>("document.activeElement?.textContent ?? ''")).toBe("Session");
    await page.context().close();
  });
});

describe.skipIf(lacksBrowser)("the board of a service that misses an analysis", () => {
  it("counts and lists what is overdue, with links, until it comes", async () => {
    const [browser, service] = await Promise.all([
      startBrowser(),
      startService({ EXPECT_ANALYSIS_SECONDS: "1" }),
    ]);
    const { page, errors } = await openPage(browser, `${service.url}/`);
    await untilLive(page);
    const ended = await newEvent("ended");
    expect((await service.post(ended)).status).toBe(200);
    await page.locator(".ticker .status-overdue").waitFor();
    await page.reload();
    const count = page.locator("dt", { hasText: "Overdue" }).locator("xpath=..").locator("dd");
    const items = page.locator(".overdue li");
    await items.getByText("no analysis").waitFor();
    await count.getByText("1", { exact: true }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    await page.screenshot({ path: `${screenshots}/overdue.png` });
    await items.getByRole("link").click();
    await page.waitForURL(new RegExp(`#/sessions/${String(ended.data.id)}$`));
    const late = await newEvent("analyzed", { id: ended.data.id });
    expect((await service.post(late)).status).toBe(200);
    await page.goto(`${service.url}/#/now`);
    await count.getByText("0", { exact: true }).waitFor();
    expect(await items.count()).toBe(0);
    expect(errors).toEqual([]);
    await browser.close();
    await service.stop();
  });
});

describe.skipIf(lacksBrowser)("the board behind keys", () => {
  let browser: Browser;
  let database: TestDatabase;
  let service: TestService;
  let proxy: PrefixProxy;
  let reader: string;
  let masked: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    reader = (await makeKey(database)).text;
    masked = (await makeKey(database, { role: "masked_reader" })).text;
    [browser, service] = await Promise.all([startBrowser(), startService({}, database)]);
    proxy = await startPrefixProxy(service.url, "/below/here");
    const event = await newEvent("analyzed", { chat_summary: "A secret summary." });
    event.data.agent_version.organization_id = organizationA;
    expect((await service.post(event)).status).toBe(200);
  });
  afterAll(async () => {
    proxy.close();
    await browser.close();
    await service.stop();
    await database.drop();
  });

  async function enter(page: Page, key: string): Promise<void> {
    await page.getByLabel("API key or token").fill(key);
    await page.getByRole("button", { name: "Open the board" }).click();
  }

  it("asks for a key, refuses a wrong one, and keeps the right one for the tab", async () => {
    const { page, errors } = await openPage(browser, service.url);
    await enter(page, "nonsense");
    await page.getByText("This key is not valid").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.screenshot({ path: `${screenshots}/key.png` });
    await enter(page, reader);
    await untilLive(page);
    await page.reload();
    await untilLive(page);
    await page.goto(`${service.url}/#/sessions`);
    await page.getByText("A secret summary.").waitFor();
    const second = await page.context().newPage();
    await second.goto(service.url);
    await second.getByLabel("API key or token").waitFor();
    await page.getByRole("button", { name: "Forget key" }).click();
    await page.getByLabel("API key or token").waitFor();
    expect(await page.evaluate<number>("sessionStorage.length")).toBe(0);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("shows nothing of one key while it asks with another", async () => {
    const { page, errors } = await openPage(browser, service.url);
    await enter(page, "nonsense");
    await page.getByText("This key is not valid").waitFor();
    let letAsk: () => void = () => undefined;
    const hold = () => new Promise<void>((resolve) => (letAsk = resolve));
    let mayAsk = hold();
    await page.route("**/graphql", async (route) => {
      await mayAsk;
      await route.continue();
    });
    const loading = page.locator(".gate").getByText("Loading");
    await enter(page, reader);
    await loading.waitFor();
    letAsk();
    await untilLive(page);
    mayAsk = hold();
    await page.getByRole("button", { name: "Forget key" }).click();
    await loading.waitFor();
    letAsk();
    await page.getByLabel("API key or token").waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("tells a masked reader that data is withheld, and offers no filter on it", async () => {
    const { page } = await openPage(browser, `${service.url}/#/sessions`);
    await enter(page, masked);
    await page.getByText("You read without personal data").waitFor();
    await rows(page).first().waitFor();
    expect(await page.getByText("A secret summary.").count()).toBe(0);
    expect(await page.getByLabel("Words").count()).toBe(0);
    await page.locator(".row-title").first().click();
    await page.getByText("The summary is withheld.").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.context().close();
  });

  it("works below a path prefix", async () => {
    const { page, errors } = await openPage(browser, proxy.url);
    await enter(page, reader);
    await untilLive(page);
    await page.getByRole("link", { name: "Sessions", exact: true }).click();
    await rows(page).first().waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export CSV" }).click();
    expect((await download).suggestedFilename()).toBe("sessions.csv");
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

describe.skipIf(lacksBrowser)("the board of a service that is killed", () => {
  it("ends with all sessions, each once", async () => {
    const database = await createTestDatabase();
    const environment = { DATABASE_URL: database.url, PORT: String(await freePort()) };
    const browser = await startBrowser();
    let running: RunningProcess = await startProcess(environment);
    const { page } = await openPage(browser, `${running.url}/#/sessions`);
    await untilLive(page);
    const posted: string[] = [];
    const post = async () => {
      const event = await newEvent();
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify(event);
      const answer = await fetch(`${running.url}/webhooks/whippy`, { method: "POST", headers, body });
      expect(answer.status).toBe(200);
      posted.unshift(String(event.data.id));
    };
    for (let count = 0; count < 5; count += 1) await post();
    await expect.poll(() => idsOf(page)).toEqual(posted);
    await running.end("SIGKILL");
    await page.locator("main .pill-lost").waitFor();
    await page.screenshot({ path: `${screenshots}/lost.png` });
    running = await startProcess(environment);
    for (let count = 0; count < 5; count += 1) await post();
    await expect.poll(() => idsOf(page), { timeout: 20_000 }).toEqual(posted);
    await untilLive(page);
    await browser.close();
    await running.end("SIGTERM");
    await database.drop();
  });
});
