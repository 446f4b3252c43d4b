import type { LookupAddress } from "node:dns";
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { BadInputError } from "../errors.js";
import { RefusedTargetError, type Targets, TimeoutError } from "./targets.js";

/** How long a receiver may take, and the look-up of its name before. */
const mostMilliseconds = 10_000;
/** What a receiver says is read so far, and dropped. */
const mostAnswerBytes = 64 * 1_024;
const mostHeaderBytes = 16 * 1_024;

/** What came of an attempt. `note` holds nothing that the receiver has written but its status. */
export interface Outcome {
  readonly isTaken: boolean;
  /** Whether anything of it may have been read, whatever was answered. */
  readonly isSent: boolean;
  readonly note: string;
}

/** What is posted. */
export interface Posted {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Posts to a receiver, once, on a connection of its own. 2xx means that it has taken it. Nothing is followed:
 * a redirect is a failure like any other. Never throws.
 */
export async function post(
  target: string,
  posted: Posted,
  targets: Targets,
  stop?: AbortSignal,
): Promise<Outcome> {
  let isSent = false;
  try {
    const url = targets.check(target);
    const addresses = await targets.addressesOf(url, mostMilliseconds);
    const onConnected = () => {
      isSent = true;
    };
    return { ...(await send(url, posted, { addresses, stop, onConnected })), isSent };
  } catch (error) {
    return { isTaken: false, isSent, note: noteOf(error) };
  }
}

interface Sending {
  readonly addresses: readonly LookupAddress[];
  readonly stop: AbortSignal | undefined;
  readonly onConnected: () => void;
}

async function send(
  url: URL,
  { body, headers }: Posted,
  { addresses, stop, onConnected }: Sending,
): Promise<Omit<Outcome, "isSent">> {
  const { request } = url.protocol === "https:" ? https : http;
  return await new Promise((settle, fail) => {
    const sending = request(url, {
      method: "POST",
      agent: false,
      maxHeaderSize: mostHeaderBytes,
      lookup: knowing(addresses),
      headers: { ...headers, "Content-Length": body.length },
      ...(stop && { signal: stop }),
    });
    // With TLS nothing is sent before the receiver has shown its certificate.
    const connected = url.protocol === "https:" ? "secureConnect" : "connect";
    sending.once("socket", (socket) => socket.once(connected, onConnected));
    let answered: Omit<Outcome, "isSent"> | undefined;
    const end = (error?: Error) => {
      clearTimeout(timer);
      sending.destroy();
      if (answered === undefined) fail(error ?? new TimeoutError());
      else settle(answered);
    };
    const timer = setTimeout(() => {
      end();
    }, mostMilliseconds);
    sending.on("error", end);
    sending.on("close", end);
    sending.on("response", (response) => {
      const { statusCode = 0 } = response;
      answered = { isTaken: statusCode >= 200 && statusCode < 300, note: `HTTP ${statusCode}` };
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostAnswerBytes) end();
      });
      response.on("end", end);
      response.on("error", end);
    });
    sending.end(body);
  });
}

/** The connection is made to addresses that were checked, and to no others. */
function knowing(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

/** Messages of errors may hold the URL, a part of which may be a secret. */
function noteOf(error: unknown): string {
  if (error instanceof RefusedTargetError) return "refused: a private address";
  if (error instanceof BadInputError) return "refused: no permitted URL";
  if (error instanceof TimeoutError) return "timeout";
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^\w{1,60}$/.test(code) ? code : "failed";
}
