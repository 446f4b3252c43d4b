import type { Browser } from "playwright-core";
import { openPage } from "../../test/support/browser.js";
import { runSimulation } from "../../tools/simulate/run-simulation.js";
import { webhookSecret } from "../workload.js";

/** How a page did while events came. */
export interface Busy {
  readonly eventsPerSecond: number;
  /** How often the page changed, in the second in which it did most and on average. */
  readonly mostDrawings: number;
  readonly drawings: number;
  /** Tasks of more than 50 ms, and the longest. */
  readonly longTasks: number;
  readonly longestTask: number;
}

interface Watched {
  readonly drawings: readonly number[];
  readonly tasks: readonly number[];
}

const watching = `
  window.watched = { drawings: [], tasks: [] };
  new MutationObserver(() => window.watched.drawings.push(performance.now()))
    .observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
  new PerformanceObserver((list) => window.watched.tasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({ entryTypes: ["longtask"] });
`;

/** Looks at a page of the board while so many events a second come. */
export async function watchBusy(
  browser: Browser,
  base: string,
  path: string,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<Busy> {
  const { page } = await openPage(browser, `${base}/${path}`);
  await page.locator("main .pill-live").first().waitFor();
  await page.evaluate(watching);
  const from = performance.now();
  const { deliveries } = await runSimulation({
    url: `${base}/webhooks/whippy`,
    sessions: rate * seconds,
    sessionSeed: Date.now(),
    rate,
    secret: webhookSecret,
    signal: AbortSignal.timeout(seconds * 1_000),
  });
  const elapsed = (performance.now() - from) / 1_000;
  const { drawings, tasks } = await page.evaluate<Watched>("window.watched");
  await page.context().close();
  const bySecond = new Map<number, number>();
  for (const at of drawings) {
    const second = Math.floor(at / 1_000);
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
  }
  return {
    eventsPerSecond: deliveries / elapsed,
    mostDrawings: Math.max(0, ...bySecond.values()),
    drawings: drawings.length / elapsed,
    longTasks: tasks.length,
    longestTask: Math.max(0, ...tasks),
  };
}
