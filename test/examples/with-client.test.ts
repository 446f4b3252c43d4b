import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer, type ViteDevServer } from "vite";
import { lacksBrowser, openPage, startBrowser } from "../support/browser.js";
import { sessionEventsSubscription } from "../../client/src/index.js";
import { clientOf } from "../support/client-kit.js";
import { cursorNow, newEvent, post, postAnalyzed } from "../support/listening.js";
import { startService, type TestService } from "../support/service.js";

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.stop();
});

describe("the example that writes events into a file", () => {
  const running: ChildProcess[] = [];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "events-to-file-"));
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  it("writes each once and in order, though it is killed with kill -9", async () => {
    const file = path.join(folder, "events.ndjson");
    const start = () => {
      const command = ["--import", "tsx", "examples/events-to-file.ts", file, `${service.url}/graphql`];
      const child = spawn(process.execPath, command, { stdio: "ignore" });
      running.push(child);
      return child;
    };
    const linesOf = async () => (await readFile(file, "utf8").catch(() => "")).split("\n").slice(0, -1);
    const written = async () =>
      (await linesOf())
        .map((line) => JSON.parse(line) as { session?: { id: string } })
        .flatMap(({ session }) => (session === undefined ? [] : [session.id]));
    const first = start();
    await expect.poll(async () => (await linesOf()).length, { timeout: 20_000 }).toBe(1);
    const posted = await postAnalyzed(service, 5);
    await expect.poll(async () => (await written()).length, { timeout: 20_000 }).toBeGreaterThan(0);
    const killed = once(first, "exit");
    first.kill("SIGKILL");
    await killed;
    posted.push(...(await postAnalyzed(service, 5)));
    const second = start();
    await expect.poll(written, { timeout: 20_000 }).toEqual(posted);
    const ended = once(second, "exit");
    second.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});

describe("the recipe of client/README.md for Apollo Client", () => {
  it("writes what arrives into its cache", async () => {
    const apollo = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: `${service.url}/graphql` }),
    });
    const query = gql`
      query Listed {
        sessions(first: 1) {
          nodes {
            id
            userSentiment
          }
        }
      }
    `;
    const event = await newEvent("analyzed", {
      user_sentiment: "neutral",
      started_at: "2035-01-01T00:00:00Z",
    });
    await post(service, [event]);
    await apollo.query({ query });
    const client = clientOf(service.url, "event-stream");
    const told = client.live(sessionEventsSubscription, {}, { from: await cursorNow(service) });
    const again = await newEvent("analyzed", { ...event.data, user_sentiment: "negative" });
    await post(service, [{ ...again, created_at: "2035-01-02T00:00:00Z" }]);
    const { value } = await told.next();
    const session = value?.sessionEvents.session;
    apollo.cache.writeFragment({
      id: `Session:${String(session?.id)}`,
      fragment: gql`
        fragment Arrived on Session {
          status
          userSentiment
        }
      `,
      data: { __typename: "Session", ...session },
    });
    expect(apollo.cache.readQuery({ query })).toMatchObject({
      sessions: { nodes: [{ id: event.data.id, userSentiment: "negative" }] },
    });
    client.close();
  });
});

describe.skipIf(lacksBrowser)("the example pages", () => {
  let pages: ViteDevServer;
  let browser: Browser;
  beforeAll(async () => {
    process.env.SERVICE = service.url;
    pages = await createServer({ root: "examples/pages", logLevel: "silent", server: { port: 0 } });
    [browser] = await Promise.all([startBrowser(), pages.listen()]);
  });
  afterAll(async () => {
    delete process.env.SERVICE;
    await browser.close();
    await pages.close();
  });

  it.each(["react.html", "event-source.html"])(
    "%s shows each session as it is analyzed, once",
    async (name) => {
      const url = new URL(name, pages.resolvedUrls?.local[0] ?? "").href;
      const { page, errors } = await openPage(browser, url);
      const shown = () =>
        page.evaluate<string[]>(
          "[...document.querySelectorAll('[data-session]')].map((item) => item.dataset.session)",
        );
      // It is subscribed once it shows one.
      const early: string[] = [];
      await expect
        .poll(
          async () => {
            early.push(...(await postAnalyzed(service, 1)));
            return (await shown()).some((id) => early.includes(id));
          },
          { timeout: 30_000, interval: 500 },
        )
        .toBe(true);
      await service.restart();
      const posted = await postAnalyzed(service, 3);
      await expect
        .poll(async () => (await shown()).slice(0, 3), { timeout: 20_000 })
        .toEqual(posted.reverse());
      if (name === "react.html") await page.getByText("Latest: analyzed, analyzed, analyzed").waitFor();
      const all = await shown();
      expect(new Set(all).size).toBe(all.length);
      expect(errors).toEqual([]);
      await page.context().close();
    },
  );

  it("event-source.html goes on after an answer that is no stream, and after an expired cursor", async () => {
    const { page, errors } = await openPage(browser, "about:blank");
    let asked = 0;
    let isExpired = false;
    const posted: string[] = [];
    await page.route("**/graphql/stream?*", async (route) => {
      asked += 1;
      if (asked === 1) {
        posted.push(...(await postAnalyzed(service, 1)));
        await route.fulfill({ status: 503, json: { errors: [{ message: "Later." }] } });
      } else if (isExpired) {
        isExpired = false;
        const gone = { errors: [{ message: "Gone.", extensions: { code: "CURSOR_EXPIRED" } }] };
        const body = `event: next\ndata: ${JSON.stringify(gone)}\n\nevent: complete\ndata:\n\n`;
        await route.fulfill({ contentType: "text/event-stream", body });
      } else await route.continue();
    });
    await page.goto(new URL("event-source.html", pages.resolvedUrls?.local[0] ?? "").href);
    const shown = () =>
      page.evaluate<string[]>(
        "[...document.querySelectorAll('[data-session]')].map((item) => item.dataset.session)",
      );
    await expect.poll(() => posted.length).toBe(1);
    await expect.poll(shown).toEqual(posted);
    isExpired = true;
    await service.restart();
    await expect.poll(() => isExpired).toBe(false);
    // It goes on from the end of the feed, which it asks for after a wait.
    const later: string[] = [];
    await expect
      .poll(
        async () => {
          later.push(...(await postAnalyzed(service, 1)));
          return (await shown()).some((id) => later.includes(id));
        },
        { interval: 500 },
      )
      .toBe(true);
    expect(asked).toBeLessThan(10);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
