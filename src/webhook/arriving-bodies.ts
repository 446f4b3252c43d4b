import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Config } from "../config.js";
import { UnavailableError } from "../errors.js";
import { GrowingBuffer } from "./growing-buffer.js";

/**
 * Bodies that may arrive at once, for each delivery that may be in work: one that is slow costs a socket, and
 * few bytes.
 */
const arrivingPerInFlight = 16;

/** What all arriving bodies may hold together, or four of the greatest size where that is more. */
const arrivingBytes = 64 * 1024 * 1024;

/** What inflating a body takes beside its bytes. */
const inflatingBytes = 64 * 1024;

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** A body on its way in. */
interface Arrival {
  readonly giveUp: (error: Error) => void;
  /** The bytes that it holds. */
  held: number;
}

/**
 * Reads bodies, within two bounds: how many arrive at once, and how many bytes they hold together, as
 * inflated. Until a body is whole, nobody knows whether its sender is authentic; after that, deliveries in
 * work are bounded. Where a bound is exceeded, the body that has been arriving longest gives way: a true
 * sender's is there within moments, and who only begins bodies displaces those begun before. A bound for each
 * address would refuse true senders, who come from few addresses or through one proxy, before it stopped
 * anybody who has many.
 */
export class ArrivingBodies {
  private readonly mostArriving: number;
  private readonly mostBytes: number;
  /** The oldest first. */
  private readonly arrivals = new Set<Arrival>();
  private bytes = 0;

  constructor(private readonly config: Config["webhook"]) {
    const { maxInFlight, maxBytes } = config;
    this.mostArriving = arrivingPerInFlight * maxInFlight;
    this.mostBytes = Math.min(maxInFlight * maxBytes, Math.max(arrivingBytes, 4 * maxBytes));
  }

  /**
   * Reads a request's body, inflated. Of one that is refused the rest is read and forgotten first: most
   * clients hear no answer before they have sent all.
   * @throws UnavailableError where it gives way, at once; an error with `status` and `type`, as Express's
   * body parsers have, where it is too large, cut, or in an encoding that is not known
   */
  async read(request: IncomingMessage): Promise<Buffer> {
    let decoder: Transform | undefined;
    try {
      decoder = decoderOf(request);
      return await this.collect(request, decoder);
    } catch (error) {
      request.unpipe();
      decoder?.destroy();
      if (error instanceof UnavailableError) request.pause();
      else await readToEnd(request);
      throw error;
    }
  }

  private async collect(request: IncomingMessage, decoder: Transform | undefined): Promise<Buffer> {
    const { maxBytes } = this.config;
    const longest = decoder === undefined ? Number(request.headers["content-length"] ?? maxBytes) : maxBytes;
    if (longest > maxBytes) throw bodyError(413, "entity.too.large");
    const body = new GrowingBuffer(longest);
    const overhead = decoder === undefined ? 0 : inflatingBytes;
    const source = decoder ?? request;
    return await new Promise((resolve, reject) => {
      const settle = () => {
        source.off("data", take);
        this.hold(arrival, 0);
        this.arrivals.delete(arrival);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const arrival: Arrival = { giveUp: fail, held: 0 };
      const take = (chunk: Buffer) => {
        if (body.length + chunk.length > maxBytes) {
          fail(bodyError(413, "entity.too.large"));
          return;
        }
        body.add(chunk);
        this.hold(arrival, overhead + body.capacity);
        this.makeRoom();
      };
      this.arrivals.add(arrival);
      this.hold(arrival, overhead);
      source.on("data", take);
      source.once("end", () => {
        settle();
        resolve(body.toBuffer());
      });
      decoder?.once("error", (error) => {
        fail(Object.assign(error, { status: 400 }));
      });
      request.once("close", () => {
        if (!request.complete) fail(bodyError(400, "request.aborted"));
      });
      if (decoder !== undefined) request.pipe(decoder);
      this.makeRoom();
    });
  }

  private hold(arrival: Arrival, count: number): void {
    this.bytes += count - arrival.held;
    arrival.held = count;
  }

  private makeRoom(): void {
    for (const { giveUp } of this.arrivals) {
      if (this.arrivals.size <= this.mostArriving && this.bytes <= this.mostBytes) return;
      giveUp(
        new UnavailableError(
          "Too many bodies arrive at once, and this one is slow; try again.",
          undefined,
          1,
          "bodies",
        ),
      );
    }
  }
}

async function readToEnd(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  await new Promise<void>((resolve) => {
    request.once("end", resolve).once("close", resolve).resume();
  });
}

/** What inflates a body; undefined where it comes as it is. */
function decoderOf({ headers }: IncomingMessage): Transform | undefined {
  const encoding = (headers["content-encoding"] ?? "identity").toLowerCase();
  if (encoding === "identity") return undefined;
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (create === undefined) throw bodyError(415, "encoding.unsupported");
  return create();
}

function bodyError(status: number, type: string): Error {
  return Object.assign(new Error(type), { status, type });
}
