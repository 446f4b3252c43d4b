import { createHmac, randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningProcess, startProcess } from "../support/running-process.js";
import { createTestDatabase, type TestDatabase } from "../support/service.js";

const secret = "strangers-do-not-know-this";
const megabyte = 1024 * 1024;

describe("strangers who send large bodies slowly", () => {
  let database: TestDatabase;
  let service: RunningProcess;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startProcess({ DATABASE_URL: database.url, WEBHOOK_SECRETS: secret });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await service.end("SIGTERM");
    await database.drop();
  });

  const residentBytes = async () => {
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
  };

  /** Sends all but the end of a body, under a signature of no key. */
  const begin = async (bytes: Buffer) => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.write(
      `POST /webhooks/whippy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
        `X-Whippy-Signature: t=${Math.floor(Date.now() / 1000)},v1=${"A".repeat(43)}\r\n` +
        `Content-Length: ${5 * megabyte}\r\n\r\n`,
    );
    await new Promise<void>((resolve) => {
      socket.write(bytes, () => {
        resolve();
      });
      socket.once("close", resolve);
    });
  };

  const deliver = async (padding: number) => {
    const body = JSON.stringify({
      event: "conversation_agent_session.started",
      request_id: randomUUID(),
      data: {
        id: randomUUID(),
        conversation_id: randomUUID(),
        agent_version: { id: randomUUID(), agent_id: randomUUID(), organization_id: randomUUID() },
        chat_transcript: "t".repeat(padding),
      },
    });
    const at = Math.floor(Date.now() / 1000);
    const signature = createHmac("sha256", secret).update(`${at}.${body}`).digest("base64");
    const response = await fetch(`${service.url}/webhooks/whippy`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Whippy-Signature": `t=${at},v1=${signature}` },
      body,
    });
    return response.status;
  };

  it("take little memory, and keep no true delivery out", async () => {
    expect(await deliver(megabyte)).toBe(200);
    const before = await residentBytes();
    const bytes = Buffer.alloc(4.9 * megabyte, 0x20);
    const statuses: number[] = [];
    let greatest = before;
    for (let begun = 0; begun < 250; begun += 25) {
      await Promise.all(Array.from({ length: 25 }, () => begin(bytes)));
      statuses.push(await deliver(1_000), await deliver(megabyte));
      greatest = Math.max(greatest, await residentBytes());
    }
    await delay(500);
    statuses.push(await deliver(1_000));
    expect(statuses).toEqual(Array<number>(21).fill(200));
    // All of them are 1.2 GB.
    expect(Math.max(greatest, await residentBytes()) - before).toBeLessThan(400 * megabyte);
  }, 120_000);
});
