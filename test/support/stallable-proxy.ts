import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { Transform } from "node:stream";

/** Stands between the service and the database server, and can do to the service what an outage does. */
export interface StallableProxy {
  readonly url: string;
  /** Connections stay, and nothing passes any more: as when the server is stopped or its disk hangs. */
  stall(): void;
  /** Every connection is reset and new ones are too: as when the server was killed. */
  cut(): void;
  /**
   * Transactions may only read, as on a primary that became a replica: on all connections, and on new ones
   * until resume.
   */
  demote(): void;
  /** What stalled goes on, and new connections are as they should be; those that were demoted stay so. */
  resume(): void;
  close(): Promise<void>;
}

/**
 * @param url of the database server
 * @param port to listen on; by default any that is free
 */
export async function startProxy(url: string, port = 0): Promise<StallableProxy> {
  const target = new URL(url);
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: "open" | "stalled" | "cut" | "demoted" = "open";
  const server = createServer((client) => {
    if (state === "cut") {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.pipe(upstream);
    upstream.pipe(client);
    if (state === "demoted") demotePair(pair);
    if (state === "stalled") stallPair(pair);
    for (const socket of pair) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const proxied = new URL(url);
  proxied.port = String((server.address() as AddressInfo).port);
  return {
    url: proxied.href,
    stall: () => {
      state = "stalled";
      pairs.forEach(stallPair);
    },
    cut: () => {
      state = "cut";
      for (const [client, upstream] of pairs) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    },
    demote: () => {
      state = "demoted";
      pairs.forEach(demotePair);
    },
    resume: () => {
      const wasStalled = state === "stalled";
      state = "open";
      if (!wasStalled) return;
      for (const [client, upstream] of pairs) {
        client.pipe(upstream);
        upstream.pipe(client);
      }
    },
    close: () =>
      new Promise((resolve) => {
        for (const pair of pairs) for (const socket of pair) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function stallPair([client, upstream]: readonly [Socket, Socket]): void {
  client.unpipe(upstream);
  upstream.unpipe(client);
  client.pause();
  upstream.pause();
}

function demotePair([client, upstream]: readonly [Socket, Socket]): void {
  client.unpipe(upstream);
  client.pipe(readOnlyTransactions()).pipe(upstream);
}

/**
 * The text of a statement begins after a packet's length, number and command, and MySQL's two bytes about
 * attributes.
 */
const statementBegins = [5, 7];

/** Makes START TRANSACTION, with which a packet of the MySQL protocol begins, START TRANSACTION READ ONLY. */
function readOnlyTransactions(): Transform {
  const [begin, readOnly] = ["START TRANSACTION", Buffer.from(" READ ONLY")];
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const at = chunk.indexOf(begin);
      if (!statementBegins.includes(at)) {
        done(null, chunk);
        return;
      }
      const end = at + begin.length;
      const packet = Buffer.concat([chunk.subarray(0, end), readOnly, chunk.subarray(end)]);
      packet.writeUIntLE(chunk.readUIntLE(0, 3) + readOnly.length, 0, 3);
      done(null, packet);
    },
  });
}
