import { setTimeout as sleep } from "node:timers/promises";
import { signWhippy, WHIPPY_SIGNATURE_HEADER } from "../../src/webhook/signature/whippy-signature.js";

/** Where deliveries go, and how insistently. */
export interface Destination {
  url: string;
  /** Signs every attempt anew; unsigned where absent. */
  secret?: string | undefined;
  timeoutMs: number;
  /** The wait before the first retry; it doubles with each further one. */
  retryDelayMs: number;
  /** Ends the waiting between attempts, but no attempt. */
  signal?: AbortSignal | undefined;
}

/** What came of one attempt: a status, or why there was none. */
export interface Answer {
  status: string;
  ok: boolean;
  latencyMs: number | undefined;
  retryAfterMs: number;
}

export type DeliveryOutcome = "delivered" | "failed" | "interrupted";

/** As many as Whippy makes. */
const RETRIES = 3;

/** However long a server asks to wait, a simulation does not wait longer. */
const LONGEST_WAIT_MS = 60_000;

/** Posts a body as Whippy does: again after a while, up to three times, on anything but a 2xx. */
export async function deliver(
  body: Buffer,
  destination: Destination,
  onAnswer: (answer: Answer) => void,
): Promise<DeliveryOutcome> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await post(body, destination);
    onAnswer(answer);
    if (answer.ok) return "delivered";
    if (attempt === RETRIES) return "failed";
    // Jitter keeps the retries of a refused burst from arriving as one burst again.
    const backOffMs = destination.retryDelayMs * 2 ** attempt * (0.75 + Math.random() / 2);
    await pause(Math.max(backOffMs, answer.retryAfterMs), destination.signal);
    if (destination.signal?.aborted) return "interrupted";
  }
}

/** Waits that long, or until the signal, whichever comes first. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

async function post(body: Buffer, { url, secret, timeoutMs }: Destination): Promise<Answer> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (secret !== undefined) {
    headers[WHIPPY_SIGNATURE_HEADER] = signWhippy(body, secret, Math.floor(Date.now() / 1000));
  }
  const sentAt = performance.now();
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // Whippy's endpoint is a fixed address: a redirect is an answer like any other, and no success.
    const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
    await response.arrayBuffer();
    return {
      status: response.status.toString(),
      ok: response.ok,
      latencyMs: performance.now() - sentAt,
      retryAfterMs: retryAfterOf(response),
    };
  } catch (error) {
    return { status: `no answer (${reasonOf(error)})`, ok: false, latencyMs: undefined, retryAfterMs: 0 };
  }
}

/** Retry-After counts where the server says that it is busy; it holds seconds or a date. */
function retryAfterOf(response: Response): number {
  const text = response.headers.get("retry-after");
  if (text === null || ![429, 503].includes(response.status)) return 0;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(milliseconds) ? 0 : Math.min(Math.max(milliseconds, 0), LONGEST_WAIT_MS);
}

/** `ECONNREFUSED` and the like stand in the cause of fetch's own error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError") return "timeout";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : error.name;
}
