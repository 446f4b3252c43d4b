import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.js";

const configuration = fileURLToPath(new URL("../../../deploy/haproxy.cfg", import.meta.url));
const longestWait = 60_000;
/** What HAProxy calls a server that is up, in the sixth column of `show servers state`. */
const running = "2";

/** HAProxy with the very file that docker-compose.yml mounts, before two instances. */
export class Balancer {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param ports of the instances on 127.0.0.1 */
  static async start(ports: readonly [number, number]): Promise<Balancer> {
    const folder = await mkdtemp(path.join(tmpdir(), "balancer-"));
    // The file itself has no socket to ask for the state of servers.
    const further = path.join(folder, "socket.cfg");
    await writeFile(further, `global\n  stats socket ${path.join(folder, "socket")} level user\n`);
    const port = await freePort();
    const [first, second] = ports.map((each) => `127.0.0.1:${each}`);
    const process_ = spawn("haproxy", ["-db", "-f", configuration, "-f", further], {
      env: {
        PATH: `${process.env.PATH ?? ""}:/usr/sbin`,
        BALANCER_ADDRESS: `127.0.0.1:${port}`,
        INSTANCE_1: first,
        INSTANCE_2: second,
      },
      stdio: "ignore",
    });
    const balancer = new Balancer(`http://127.0.0.1:${port}`, process_, folder);
    await balancer.untilUp();
    return balancer;
  }

  /** Waits until it sends requests to both instances. */
  async untilUp(): Promise<void> {
    const deadline = Date.now() + longestWait;
    while (Date.now() < deadline) {
      const states = await this.states().catch(() => []);
      if (states.length > 0 && states.every((state) => state === running)) return;
      await delay(100);
    }
    throw new Error("HAProxy does not take both instances for ready.");
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = once(this.process, "exit");
      if (this.process.kill("SIGKILL")) await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async states(): Promise<string[]> {
    const socket = connect(path.join(this.folder, "socket"));
    socket.write("show servers state instances\n");
    const lines = (await text(socket)).split("\n").filter((line) => /^\d+ /.test(line));
    return lines.map((line) => line.split(" ")[5] ?? "");
  }
}
