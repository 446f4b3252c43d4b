import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startProcess } from "../../support/running-process.js";
import { createTestDatabase, startService } from "../../support/service.js";
import { startProxy } from "../../support/stallable-proxy.js";

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("a start without the database", () => {
  it("ends with a sentence that says why, once DATABASE_WAIT_SECONDS are over", async () => {
    const url = `mysql://app:a-password@127.0.0.1:${await closedPort()}/app`;
    const from = performance.now();
    const started = startProcess({ DATABASE_URL: url, DATABASE_WAIT_SECONDS: "1" });
    const failure = await started.then(
      () => "",
      (error: unknown) => String(error),
    );
    expect(performance.now() - from).toBeGreaterThan(1_000);
    expect(failure).toContain("the database is not up yet; waiting for it");
    expect(failure).toContain("the service could not start: The database cannot be reached (ECONNREFUSED)");
    expect(failure).toContain("DATABASE_WAIT_SECONDS");
    expect(failure).not.toContain("a-password");
  });

  /** SQLite has no server that could come up later, or refuse. */
  if (process.env.TEST_DATABASE_URL) {
    it("waits for a server that comes up later", async () => {
      const database = await createTestDatabase();
      const port = await closedPort();
      const url = new URL(database.url);
      url.port = String(port);
      let isStarted = false;
      const starting = startService({ DATABASE_WAIT_SECONDS: "30" }, { ...database, url: url.href });
      void starting.then(() => (isStarted = true));
      await delay(300);
      expect(isStarted).toBe(false);
      const proxy = await startProxy(database.url, port);
      const service = await starting;
      expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
      await service.stop();
      await proxy.close();
      await database.drop();
    });

    it("does not wait for a server that refuses", async () => {
      const url = new URL(process.env.TEST_DATABASE_URL ?? "");
      url.password = "not-the-password";
      const refused = startService(
        { DATABASE_WAIT_SECONDS: "3600" },
        { url: url.href, drop: () => Promise.resolve() },
      );
      await expect(refused).rejects.toThrow(/^The database server refuses us \(ER_[A-Z_]+\)/);
    });
  }
});
