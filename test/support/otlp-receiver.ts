import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** A span as it was exported. */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly ReceivedMoment[];
  /** service.instance.id of the process that exported it. */
  readonly instance: unknown;
  readonly service: unknown;
  readonly isError: boolean;
}

/** An event of a span. */
interface ReceivedMoment {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Receives traces as OTLP over HTTP, in JSON. */
export async function startOtlpReceiver() {
  const spans: ReceivedSpan[] = [];
  let text = "";
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const body = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      text += body;
      spans.push(...spansOf(JSON.parse(body) as Exported));
      response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** Everything as it was received. */
    text: () => text,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, "attributes" | "links" | "events"> & {
        readonly attributes?: readonly Attribute[];
        readonly links?: ReceivedSpan["links"];
        readonly events?: readonly { readonly name: string; readonly attributes?: readonly Attribute[] }[];
        readonly status?: { readonly code?: number };
      })[];
    }[];
  }[];
}

function spansOf(body: Exported): ReceivedSpan[] {
  return body.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const of = toObject(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ status, ...span }) => ({
        ...span,
        parentSpanId: span.parentSpanId === "" ? undefined : span.parentSpanId,
        links: span.links ?? [],
        attributes: toObject(span.attributes ?? []),
        events: (span.events ?? []).map(({ name, attributes }) => ({
          name,
          attributes: toObject(attributes ?? []),
        })),
        instance: of["service.instance.id"],
        service: of["service.name"],
        isError: status?.code === 2,
      })),
    );
  });
}

function toObject(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
