/**
 * Receives alarms, verifies them, and prints each once. The secret is what `npm run alerts -- add` printed;
 * the service must be told that this machine may be sent to: ALERT_PRIVATE_TARGETS=127.0.0.1.
 *
 *     npx tsx examples/alarm-receiver.ts whsec_… [port]
 */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

const [secret = "", port = "8080"] = process.argv.slice(2);
const alarms = new Webhook(secret);
/** Messages come at least once: a real receiver keeps their ids where they outlive it. */
const known = new Set<string>();

interface Alarm {
  readonly type: string;
  readonly data: { readonly rule: { readonly name: string }; readonly sessionId?: string };
}

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const headers = request.headers as Record<string, string>;
    try {
      const { type, data } = alarms.verify(body, headers) as Alarm;
      const id = headers["webhook-id"] ?? "";
      if (!known.has(id)) console.log(`${data.rule.name}: ${type} ${data.sessionId ?? ""}`);
      known.add(id);
      response.writeHead(204).end();
    } catch {
      response.writeHead(401).end();
    }
  });
});
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? (address?.port ?? port) : port}`);
});
