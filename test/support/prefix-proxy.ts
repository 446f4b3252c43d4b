import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";

/** A reverse proxy that serves a service below a path, as others set one up. */
export interface PrefixProxy {
  /** Where the service's `/` is, with a slash at the end. */
  readonly url: string;
  close(): void;
}

export async function startPrefixProxy(service: string, prefix: string): Promise<PrefixProxy> {
  const target = new URL(service);
  const pathOf = (url = "") => url.slice(prefix.length) || "/";
  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith(`${prefix}/`) !== true) {
      outgoing.writeHead(404).end();
      return;
    }
    const { method, headers } = incoming;
    const forwarded = request(
      { host: target.hostname, port: target.port, path: pathOf(incoming.url), method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(forwarded);
  });
  server.on("upgrade", (incoming, socket, head) => {
    const upstream = connect(Number(target.port), target.hostname);
    const headers = incoming.rawHeaders.reduce(
      (text, part, index) => text + part + (index % 2 === 0 ? ": " : "\r\n"),
      "",
    );
    upstream.write(`GET ${pathOf(incoming.url)} HTTP/1.1\r\n${headers}\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    for (const each of [socket, upstream]) each.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
