import { ConnectionLostError } from "./errors.js";
import { type HttpSettings, post, refusalOf } from "./http.js";
import type { OperationRequest, OperationResult, Sink, Transport } from "./transport.js";

/** Each subscription as an event stream of its own (graphql-sse, distinct connections), read with `fetch`. */
export function eventStreamTransport(
  settings: HttpSettings & { readonly stallMilliseconds: number },
): Transport {
  return {
    subscribe: (request, sink) => {
      const left = new AbortController();
      void read(settings, request, { sink, left }).then(
        () => {
          if (!left.signal.aborted) sink.ended();
        },
        (error: unknown) => {
          if (!left.signal.aborted) sink.ended(error instanceof Error ? error : new Error(String(error)));
        },
      );
      return () => {
        left.abort();
      };
    },
  };
}

/** Resolves once the service has completed the operation, or ended the stream in order to stop. */
async function read(
  { url, tokens, fetch, stallMilliseconds }: HttpSettings & { readonly stallMilliseconds: number },
  request: OperationRequest,
  { sink, left }: { readonly sink: Sink; readonly left: AbortController },
): Promise<void> {
  const broken = new AbortController();
  let isRenewal = false;
  const leave = () => {
    broken.abort();
  };
  left.signal.addEventListener("abort", leave);
  let silence: ReturnType<typeof setTimeout> | undefined;
  const watchSilence = () => {
    clearTimeout(silence);
    silence = setTimeout(leave, stallMilliseconds);
  };
  watchSilence();
  let callOffRenewal: () => void = () => undefined;
  try {
    const response = await post(`${url.replace(/\/$/, "")}/stream`, request, {
      tokens,
      fetch,
      accept: "text/event-stream",
      signal: broken.signal,
    });
    if (!response.ok || response.body === null) throw await refusalOf(response);
    callOffRenewal = tokens.onRenewal(() => {
      isRenewal = true;
      broken.abort();
    });
    sink.opened();
    const events = new EventParser();
    const decoder = new TextDecoder();
    const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw new ConnectionLostError("The event stream broke off.", isRenewal, { cause });
      });
      if (done) return;
      watchSilence();
      for (const event of events.add(decoder.decode(value, { stream: true }))) {
        if (left.signal.aborted || event.type === "complete") return;
        if (event.type === "next") sink.next(JSON.parse(event.data) as OperationResult);
      }
    }
  } finally {
    clearTimeout(silence);
    callOffRenewal();
    left.signal.removeEventListener("abort", leave);
    broken.abort();
  }
}

/** Cuts a stream's text into events. An event may come in many chunks: each is searched once. */
class EventParser {
  /** What has come of an event that is not whole yet. */
  private begun: string[] = [];
  /** A line feed that ended the last chunk: half a separator, perhaps. */
  private held = "";

  *add(text: string): Generator<{ readonly type: string; readonly data: string }> {
    const parts = `${this.held}${text}`.split("\n\n");
    const rest = parts.pop() ?? "";
    for (const part of parts) {
      const lines = [...this.begun, part].join("").split("\n");
      this.begun = [];
      const valueOf = (field: string) =>
        lines
          .find((line) => line.startsWith(`${field}:`))
          ?.slice(field.length + 1)
          .trimStart() ?? "";
      yield { type: valueOf("event"), data: valueOf("data") };
    }
    this.held = rest.endsWith("\n") ? "\n" : "";
    this.begun.push(rest.slice(0, rest.length - this.held.length));
  }
}
