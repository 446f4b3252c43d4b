import type { OperationRequest, OperationResult, Transport } from "./transport.js";

/**
 * Events that wait for a reader beyond this are left in the feed, and asked for again once these are read.
 */
const mostWaiting = 1_000;

interface QueueOptions {
  readonly signal: AbortSignal;
  readonly onOpened: () => void;
}

/**
 * A subscription as an iterable. It ends when the service completes it, when too much waits for a slow reader
 * (who then subscribes again after the last event), or when `signal` is aborted.
 * @throws what the subscription ended with, after the events before it
 */
export async function* eventsOf(
  transport: Transport,
  request: OperationRequest,
  { signal, onOpened }: QueueOptions,
): AsyncGenerator<OperationResult, void> {
  const waiting: OperationResult[] = [];
  let end: { readonly error?: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  const finish = (error?: Error) => {
    end ??= { error };
    wake();
  };
  const leave = transport.subscribe(request, {
    next: (result) => {
      if (end !== undefined) return;
      waiting.push(result);
      if (waiting.length >= mostWaiting) {
        finish();
        leave();
      }
      wake();
    },
    opened: onOpened,
    ended: finish,
  });
  const stop = () => {
    finish();
  };
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      if (signal.aborted) return;
      const result = waiting.shift();
      if (result !== undefined) yield result;
      else if (end === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (end.error === undefined) return;
      else throw end.error;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    leave();
  }
}
