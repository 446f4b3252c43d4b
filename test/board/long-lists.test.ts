import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacksBrowser, openPage, screenshots, startBrowser } from "../support/browser.js";
import { newEvent } from "../support/listening.js";
import { startService, type TestService } from "../support/service.js";

const idsOf = (page: Page) =>
  page.evaluate<string[]>("[...document.querySelectorAll('.rows li')].map((row) => row.dataset.session)");
const mostHeld = 500;
/** More than a page, and what may arrive on top of it. */
const many = 620;
const postedAtOnce = 20;
const longTest = 180_000;

describe.skipIf(lacksBrowser)("a list that is followed for long", () => {
  let browser: Browser;
  let service: TestService;
  beforeAll(async () => {
    [browser, service] = await Promise.all([startBrowser(), startService()]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  /** Posts sessions that each start a minute after the last. @returns their ids, the newest first */
  async function postRated(rating: string, count: number): Promise<string[]> {
    const events = await Promise.all(
      Array.from({ length: count }, (_, n) => {
        const started_at = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
        return newEvent("analyzed", { chat_completion_rating: rating, started_at });
      }),
    );
    for (let from = 0; from < count; from += postedAtOnce) {
      const answers = await Promise.all(
        events.slice(from, from + postedAtOnce).map((event) => service.post(event)),
      );
      for (const { status } of answers) expect(status).toBe(200);
    }
    return events.map(({ data }) => String(data.id)).reverse();
  }

  async function openList(rating: string): Promise<Page> {
    const { page } = await openPage(browser, `${service.url}/#/sessions?rating=${rating}`);
    await page.locator("main .pill-live").waitFor();
    return page;
  }

  /** Asks for older ones as long as there are any. @returns the ids of all rows */
  async function loadAll(page: Page): Promise<string[]> {
    const older = page.getByRole("button", { name: "Show older ones" });
    for (let pages = 0; (await older.count()) > 0; pages += 1) {
      expect(pages).toBeLessThan(50);
      const before = (await idsOf(page)).length;
      await older.click();
      await expect.poll(async () => (await idsOf(page)).length).toBeGreaterThan(before);
    }
    return await idsOf(page);
  }

  const sorted = (...lists: readonly (readonly string[])[]) => lists.flat().sort();

  it(
    "drops rows at its end as others arrive, and pages lead to all of them",
    async () => {
      const older = await postRated("dropped", 120);
      const page = await openList("dropped");
      await page.getByRole("button", { name: "Show older ones" }).click();
      await expect.poll(() => idsOf(page)).toEqual(older.slice(0, 100));
      const arrived = await postRated("dropped", many);
      arrived.push(...(await postRated("dropped", 1)));
      await expect.poll(async () => (await idsOf(page))[0]).toBe(arrived.at(-1));
      expect((await idsOf(page)).length).toBe(100 + 500);
      expect((await loadAll(page)).sort()).toEqual(sorted(older, arrived));
      await page.context().close();
    },
    longTest,
  );

  it("shows what it heard of a session while a further page with it was under way", async () => {
    const older = await postRated("further", 52);
    const oldest = String(older.at(-1));
    const page = await openList("further");
    await page.locator(".rows li").nth(49).waitFor();
    await page.route(
      "**/graphql",
      async (route) => {
        const response = await route.fetch();
        const changed = await newEvent("analyzed", { id: oldest, chat_completion_rating: "changed" });
        expect((await service.post({ ...changed, created_at: "2030-01-01T00:00:00Z" })).status).toBe(200);
        // It is heard of before what is heard of next, which is shown on top.
        const [next] = await postRated("further", 1);
        await expect.poll(async () => (await idsOf(page))[0]).toBe(next);
        await route.fulfill({ response });
      },
      { times: 1 },
    );
    await page.getByRole("button", { name: "Show older ones" }).click();
    await page.locator(`[data-session="${oldest}"]`).getByText("changed").waitFor();
    await page.context().close();
  });

  it(
    "holds a bounded number while it is paused, says so, and shows all when it goes on",
    async () => {
      const older = await postRated("held", 10);
      const page = await openList("held");
      await page.getByRole("button", { name: "Pause" }).click();
      const arrived = await postRated("held", mostHeld);
      await page.getByRole("button", { name: "500 new", exact: true }).waitFor();
      arrived.unshift(...(await postRated("held", many - mostHeld)));
      await page.getByRole("button", { name: "500+ new", exact: true }).waitFor();
      expect(await idsOf(page)).toEqual(older);
      await page.screenshot({ path: `${screenshots}/held.png` });
      await page.getByRole("button", { name: "Go on" }).click();
      await expect.poll(async () => (await idsOf(page)).length).toBe(50);
      expect((await loadAll(page)).sort()).toEqual(sorted(older, arrived));
      await page.locator("main .pill-live").waitFor();
      const [next] = await postRated("held", 1);
      await expect.poll(async () => (await idsOf(page))[0]).toBe(next);
      await page.context().close();
    },
    longTest,
  );
});
