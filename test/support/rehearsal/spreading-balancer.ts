import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A balancer of TCP connections that keeps nobody on one server: each goes to the next that takes it. */
export class SpreadingBalancer {
  private readonly open = new Set<Socket>();
  private next = 0;

  private constructor(
    private readonly server: Server,
    private readonly ports: readonly number[],
  ) {
    server.on("connection", (socket) => {
      this.keep(socket);
      this.lead(socket, this.ports.length);
    });
  }

  /** @param ports of the servers on 127.0.0.1 */
  static async start(ports: readonly number[]): Promise<SpreadingBalancer> {
    const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SpreadingBalancer(server, ports);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  /** @param tries servers that may be tried yet */
  private lead(socket: Socket, tries: number): void {
    if (tries === 0) {
      socket.destroy();
      return;
    }
    this.next = (this.next + 1) % this.ports.length;
    const onward = connect(this.ports[this.next] ?? 0, "127.0.0.1");
    let isThere = false;
    onward.once("connect", () => {
      isThere = true;
      socket.pipe(onward);
      onward.pipe(socket);
    });
    this.keep(onward);
    onward.once("close", () => {
      if (isThere) socket.destroy();
      else this.lead(socket, tries - 1);
    });
    socket.once("close", () => onward.destroy());
  }

  private keep(socket: Socket): void {
    this.open.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.open.delete(socket));
  }
}
