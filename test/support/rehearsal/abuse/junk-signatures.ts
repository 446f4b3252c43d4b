import { once } from "node:events";
import { connect } from "node:net";
import { type Abuse, pause, repeat, type Target } from "./abuse.js";

const connections = 50;
const bodyBytes = 5_000_000;
/** What each connection sends at once, and how often. */
const chunk = Buffer.alloc(250_000, "x");
const intervalMilliseconds = 500;

/** Strangers who send large bodies slowly under a signature that is none. */
export function junkSignatures(target: Target): Abuse {
  return repeat(`${connections} slow bodies with junk signatures`, async (stopped) => {
    await Promise.all(
      Array.from({ length: connections }, () => sendSlowly(target, stopped).catch(() => undefined)),
    );
  });
}

async function sendSlowly({ url }: Target, stopped: AbortSignal): Promise<void> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "connect");
  const signature = `t=${Math.floor(Date.now() / 1_000)},v1=${Buffer.alloc(32, 1).toString("base64")}`;
  socket.write(
    "POST /webhooks/whippy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
      `X-Whippy-Signature: ${signature}\r\nContent-Length: ${bodyBytes}\r\n\r\n`,
  );
  for (let sent = 0; sent < bodyBytes && !stopped.aborted && !socket.destroyed; sent += chunk.length) {
    socket.write(chunk);
    await pause(intervalMilliseconds, stopped);
  }
  socket.destroy();
}
