import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** Stands before the database server, and does to connections what networks and proxies do. */
export interface MeddlingProxy {
  readonly url: string;
  /**
   * Forgets the connections that were idle for so many milliseconds, without a word: what comes on them later
   * is answered by a reset, or by nothing. @returns how many
   */
  forget(how: "reset" | "drop", idle: number): number;
  close(): Promise<void>;
}

type Packet = Buffer;

/** @param rewrite what clients send; the first chunk of a connection is their greeting */
export async function startMeddlingProxy(
  url: string,
  rewrite: (packet: Packet, isGreeting: boolean) => Packet = (packet) => packet,
): Promise<MeddlingProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const links = new Set<{ lastUsed: number; forgotten?: "reset" | "drop" }>();
  const proxy = createServer((client) => {
    const link: { lastUsed: number; forgotten?: "reset" | "drop" } = { lastUsed: performance.now() };
    links.add(link);
    const upstream = connect(Number(target.port), target.hostname);
    let isGreeting = true;
    client.on("data", (packet: Buffer) => {
      if (link.forgotten === "reset") client.resetAndDestroy();
      if (link.forgotten !== undefined) return;
      link.lastUsed = performance.now();
      upstream.write(rewrite(packet, isGreeting));
      isGreeting = false;
    });
    upstream.on("data", (packet: Buffer) => {
      if (link.forgotten === undefined) client.write(packet);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        links.delete(link);
        if (link.forgotten === undefined || socket === client)
          for (const each of [client, upstream]) each.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const proxied = new URL(url);
  proxied.port = String((proxy.address() as AddressInfo).port);
  return {
    url: proxied.href,
    forget: (how, idle) => {
      const idlers = [...links].filter(({ lastUsed }) => performance.now() - lastUsed >= idle);
      for (const link of idlers) link.forgotten = how;
      return idlers.length;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        proxy.close(() => {
          resolve();
        });
      }),
  };
}
