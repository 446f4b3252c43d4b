import type { Browser, Page, Request } from "playwright-core";
import { openPage } from "../../test/support/browser.js";

/** A page of the board, or something that is done on one. */
export interface BoardMeasurement {
  readonly title: string;
  /** The part of its address after the service's. */
  readonly path: string;
  /** What is there once it shows what it read. */
  readonly shown: string;
  /** Done then; it is measured instead of the opening. */
  readonly click?: { readonly name: string; readonly times: number };
}

/** One measured opening, in milliseconds. */
export interface Opening {
  readonly shown: number;
  /** The longest answer, and what was asked. */
  readonly slowest: { readonly operation: string; readonly milliseconds: number };
}

const patience = 120_000;

/** Opens a page as somebody who has not been here, the files of the board included. */
export async function openMeasured(
  browser: Browser,
  base: string,
  { path, shown, click }: BoardMeasurement,
): Promise<Opening> {
  const { page } = await openPage(browser, "about:blank");
  page.setDefaultTimeout(patience);
  const queries = new Queries(page);
  let from = performance.now();
  await page.goto(`${base}/${path}`);
  await page.locator(shown).first().waitFor();
  let milliseconds = performance.now() - from;
  await queries.answered();
  if (click !== undefined) {
    queries.forget();
    milliseconds = 0;
    for (let time = 0; time < click.times; time += 1) {
      const rows = await page.locator(".rows li").count();
      from = performance.now();
      await page.getByRole("button", { name: click.name }).click();
      await page.locator(".rows li").nth(rows).waitFor();
      milliseconds = Math.max(milliseconds, performance.now() - from);
    }
    await queries.answered();
  }
  await page.context().close();
  return { shown: milliseconds, slowest: queries.slowest };
}

/** The queries that a page sends. */
class Queries {
  slowest: Opening["slowest"] = { operation: "", milliseconds: 0 };
  private readonly open = new Set<Request>();

  constructor(private readonly page: Page) {
    page.on("request", (request) => {
      if (operationOf(request) !== undefined) this.open.add(request);
    });
    page.on("requestfailed", (request) => this.open.delete(request));
    page.on("requestfinished", (request) => {
      this.open.delete(request);
      const operation = operationOf(request);
      const milliseconds = request.timing().responseEnd;
      if (operation !== undefined && milliseconds > this.slowest.milliseconds)
        this.slowest = { operation, milliseconds };
    });
  }

  forget(): void {
    this.slowest = { operation: "", milliseconds: 0 };
  }

  async answered(): Promise<void> {
    do await this.page.waitForTimeout(100);
    while (this.open.size > 0);
  }
}

/** The name of the query that a request sends. */
function operationOf(request: Request): string | undefined {
  return /"query":"query (\w+)/.exec(request.postData() ?? "")?.[1];
}
