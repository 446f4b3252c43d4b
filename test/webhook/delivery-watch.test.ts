import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../src/logger.js";
import { DeliveryMetrics } from "../../src/metrics/delivery.metrics.js";
import { DeliveryWatch } from "../../src/webhook/delivery-watch.js";

describe("a delivery whose sender leaves", () => {
  let server: Server;
  let registry: Registry;
  beforeEach(async () => {
    registry = new Registry();
    const watch = new DeliveryWatch(new DeliveryMetrics(registry), createLogger("silent"));
    // Reads what comes, and answers nothing.
    server = createServer((incoming, response) => {
      void watch.begin(incoming, response, () => incoming.resume());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    server.close();
  });

  /** Sends as much of ten bytes, and leaves once they have arrived. */
  async function leaveAfter(bytes: number): Promise<void> {
    const { port } = server.address() as AddressInfo;
    const sending = request({ port, host: "127.0.0.1", method: "POST", headers: { "Content-Length": 10 } });
    sending.on("error", () => undefined);
    const arrived = once(server, "request");
    sending.write("x".repeat(bytes));
    if (bytes === 10) sending.end();
    const [incoming] = (await arrived) as [NodeJS.ReadableStream];
    if (bytes === 10) await once(incoming, "end");
    sending.destroy();
  }

  it.each([
    ["aborted", 4],
    ["abandoned", 10],
  ])("is %s where %i of its 10 bytes came", async (outcome, bytes) => {
    await leaveAfter(bytes);
    await expect
      .poll(async () => await registry.getSingleMetricAsString("webhook_delivery_seconds"))
      .toContain(`webhook_delivery_seconds_count{type="none",outcome="${outcome}"} 1`);
  });
});
