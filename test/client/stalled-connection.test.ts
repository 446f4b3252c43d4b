import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { clientOf, followEvents, ways } from "../support/client-kit.js";

it.each(ways)(
  "a connection that is taken and never answered is given up, and tried again (%s)",
  async (way) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      sockets.push(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, way, {
      stallMilliseconds: 200,
    });
    const states: string[] = [];
    const following = followEvents(client, { from: "somewhere", onState: (state) => states.push(state) });
    await expect.poll(() => sockets.length, { timeout: 10_000 }).toBeGreaterThan(2);
    expect(states).toContain("waiting");
    expect(states).not.toContain("live");
    client.close();
    expect(await following.over).toBeUndefined();
    for (const socket of sockets) socket.destroy();
    server.close();
  },
);
