import { stat } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSimulation } from "../../tools/simulate/run-simulation.js";
import { lacksBrowser, openPage, screenshots, startBrowser } from "../support/browser.js";
import { startService, type TestService } from "../support/service.js";

/** What `npm run board:picture` makes the README's picture of. */
const picture = `${screenshots}/board.png`;
const mostBytes = 250_000;

describe.skipIf(lacksBrowser)("the board with simulated sessions", () => {
  let browser: Browser;
  let service: TestService;
  beforeAll(async () => {
    [browser, service] = await Promise.all([startBrowser(), startService()]);
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  it("shows them as they arrive, drawn at most ten times a second", async () => {
    const { page, errors } = await openPage(browser, `${service.url}/#/sessions`, {
      viewport: { width: 1200, height: 760 },
    });
    await page.locator("main .pill-live").waitFor();
    await page.evaluate(`
      window.drawings = [];
      new MutationObserver(() => window.drawings.push(performance.now()))
        .observe(document.querySelector(".rows"), { childList: true, subtree: true });
    `);
    const from = performance.now();
    const { failures } = await runSimulation({
      url: `${service.url}/webhooks/whippy`,
      sessions: 40,
      rate: 50,
    });
    expect(failures).toBe(0);
    const { data } = await service.query<{ sessions: { totalCount: number } }>("{ sessions { totalCount } }");
    const rows = page.locator(".rows li");
    await expect.poll(() => rows.count()).toBe(data.sessions.totalCount);
    const seconds = (performance.now() - from) / 1_000;
    const drawings = await page.evaluate<number>("window.drawings.length");
    expect(drawings).toBeGreaterThan(5);
    expect(drawings).toBeLessThan((seconds + 1) * 10);
    expect(errors).toEqual([]);

    await page.waitForTimeout(500);
    await page.screenshot({ path: picture });
    expect((await stat(picture)).size).toBeLessThan(mostBytes);
  });
});
