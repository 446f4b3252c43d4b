import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * Stands for the database's name: where it points to may change; connections that are open stay where they
 * are.
 */
export class MovableProxy {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(private target: number) {
    this.server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect(this.target, "127.0.0.1");
      client.pipe(upstream).pipe(client);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  /** @param port of 127.0.0.1 that it points to at first */
  static async start(port: number): Promise<MovableProxy> {
    const proxy = new MovableProxy(port);
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  pointTo(port: number): void {
    this.target = port;
  }

  /** Nothing comes back any more on the connections that are open, as where a machine has lost its power. */
  silence(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** Cuts the connections that are open. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  stop(): void {
    this.server.close();
    this.cut();
  }
}
