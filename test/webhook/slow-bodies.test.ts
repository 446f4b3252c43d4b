import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.js";
import type { ServiceError } from "../../src/errors.js";
import { webhookRouter } from "../../src/webhook/router.js";
import { startService, type TestService } from "../support/service.js";
import { createLogger } from "../../src/logger.js";
import { Metrics } from "../../src/metrics/metrics.js";

let number = 0;
const newBody = (padding = 0) =>
  JSON.stringify({
    event: "lead.new",
    request_id: `slow-${(number += 1)}`,
    data: { p: "p".repeat(padding) },
  });

/** A delivery whose body comes when the test says so. */
class SlowDelivery {
  private answer = "";
  private readonly closed: Promise<unknown>;

  private constructor(
    private readonly socket: Socket,
    private readonly rest: Uint8Array,
  ) {
    socket.on("data", (bytes) => (this.answer += bytes.toString()));
    socket.on("error", () => undefined);
    this.closed = once(socket, "close");
  }

  /** Sends the headers, and so many bytes of the body. */
  static async begin(
    { url }: TestService,
    bytes: number,
    { body = Buffer.from(newBody()), headers = "" } = {},
  ): Promise<SlowDelivery> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(
      `POST /webhooks/whippy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(0, bytes));
    const delivery = new SlowDelivery(socket, body.subarray(bytes));
    await delay(2);
    return delivery;
  }

  /** What has been answered so far; 0 where nothing was. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.answer)?.[1] ?? 0);
  }

  async finish(): Promise<number> {
    this.socket.write(this.rest);
    await expect.poll(() => this.status).not.toBe(0);
    return this.status;
  }

  async isCut(): Promise<boolean> {
    return await Promise.race([this.closed.then(() => true), delay(2_000, false)]);
  }

  end(): void {
    this.socket.destroy();
  }
}

describe("bodies that do not come", () => {
  let service: TestService;
  let begun: SlowDelivery[] = [];
  const begin = async (
    ...options: Parameters<typeof SlowDelivery.begin> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const delivery = await SlowDelivery.begin(service, ...options);
    begun.push(delivery);
    return delivery;
  };
  afterEach(async () => {
    for (const delivery of begun) delivery.end();
    begun = [];
    await service.stop();
  });

  it("keep no other delivery out, and are taken in the end", async () => {
    service = await startService({ WEBHOOK_MAX_IN_FLIGHT: "2" });
    const slow = [];
    for (let count = 0; count < 10; count += 1) slow.push(await begin(1));
    expect((await service.post(newBody())).status).toBe(202);
    for (const delivery of slow) expect(await delivery.finish()).toBe(202);
  });

  it("give way, the oldest first, where there are too many", async () => {
    service = await startService({ WEBHOOK_MAX_IN_FLIGHT: "2" });
    const slow = [];
    for (let count = 0; count < 40; count += 1) slow.push(await begin(1));
    expect((await service.post(newBody())).status).toBe(202);
    const statuses = slow.map(({ status }) => status);
    // 32 (16 times 2) may arrive at once, the one that came last among them.
    expect(statuses).toEqual([...Array<number>(9).fill(503), ...Array<number>(31).fill(0)]);
    expect(await slow[0]?.isCut()).toBe(true);
    expect(await slow.at(-1)?.finish()).toBe(202);
  });

  it("give way where they hold too many bytes, as they were sent or inflated", async () => {
    service = await startService({ WEBHOOK_MAX_IN_FLIGHT: "2", WEBHOOK_MAX_BYTES: "200000" });
    const body = Buffer.from(newBody(190_000));
    const first = await begin(180_000, { body });
    const packed = gzipSync(newBody(100_000));
    const inflating = await begin(packed.length - 1, { body: packed, headers: "Content-Encoding: gzip\r\n" });
    await delay(100);
    expect([first.status, inflating.status]).toEqual([0, 0]);
    expect((await service.post(newBody(100_000))).status).toBe(202);
    await expect.poll(() => first.status).toBe(503);
    expect(await inflating.finish()).toBe(202);
    // What was given up or answered holds nothing any more.
    const last = [
      await begin(180_000, { body }),
      await begin(180_000, { body: Buffer.from(newBody(190_000)) }),
    ];
    for (const delivery of last) expect(await delivery.finish()).toBe(202);
  });

  it("are not waited for where a signature is demanded and there is none", async () => {
    service = await startService({ WEBHOOK_SECRETS: "secret" });
    const slow = await begin(1);
    await expect.poll(() => slow.status).toBe(401);
    expect(await slow.isCut()).toBe(true);
  });
});

describe("deliveries in work", () => {
  it("are bounded: what comes beyond is refused until one is done", async () => {
    let finish = () => undefined as unknown;
    const record = () =>
      new Promise(
        (resolve) =>
          (finish = () => {
            resolve({ status: "duplicate" });
          }),
      );
    const config = loadConfig({ WEBHOOK_MAX_IN_FLIGHT: "1" }).webhook;
    const parts = {
      config,
      events: { record },
      feed: {},
      logger: createLogger("silent"),
      metrics: new Metrics().deliveries,
    };
    const route = webhookRouter(parts as unknown as Parameters<typeof webhookRouter>[0]);
    const server = createServer((request, response) => {
      void route(request, response, (error) => {
        response.writeHead((error as ServiceError).status).end((error as Error).message);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const post = () =>
      fetch(`http://127.0.0.1:${port}/webhooks/whippy`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: newBody(),
      });
    const first = post();
    await delay(200);
    const refused = await post();
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining("in work")]);
    finish();
    expect((await first).status).toBe(200);
    const next = post();
    await delay(200);
    finish();
    expect((await next).status).toBe(200);
    server.close();
  });
});
