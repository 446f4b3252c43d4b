import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Where Debian and others put a browser; CHROMIUM names another place. */
const places = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/google-chrome"];
const executablePath = places.find((place) => place !== "" && existsSync(place));

/** Whether there is no browser here. CI always has one: there the tests fail without. */
export const lacksBrowser = executablePath === undefined && process.env.CI === undefined;

/** What tests leave to look at. */
export const screenshots = ".data/screenshots";

/** Starts a browser; as root it has no sandbox. */
export async function startBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error("No Chromium was found: install one, or set CHROMIUM.");
  await mkdir(screenshots, { recursive: true });
  return await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A page, and what went wrong on it: errors of scripts, and what its policy refused. */
export interface WatchedPage {
  readonly page: Page;
  readonly errors: readonly string[];
}

/** Opens a page as somebody without a past. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ timezoneId: "UTC", locale: "en-US", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    // What the network refuses is part of some tests, and shown by the page.
    if (
      message.type() === "error" &&
      !/^(?:Failed to load resource|WebSocket connection)/.test(message.text())
    )
      errors.push(message.text().slice(0, 300));
  });
  await page.goto(url);
  return { page, errors };
}

/** What axe finds wrong with a page, in a line each. */
export async function violationsOf(page: Page): Promise<string[]> {
  // A policy keeps the page from running it as a script of its own; the debugger may.
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await run.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  return found;
}

/** How much wider the content is than the window, in pixels. */
export async function overflowOf(page: Page): Promise<number> {
  return await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
}
