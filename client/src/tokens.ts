import { ConnectionLostError } from "./errors.js";
import { untilAborted } from "./until-aborted.js";

/**
 * An API key or a token; or a function that gets one, which is asked again before it ends or when refused.
 */
export type TokenSource = string | (() => string | Promise<string>);

/** A token is renewed so long before its end, or at four fifths of what was left of it. */
const leadMilliseconds = 30_000;
/** What has less than this left when it comes is not renewed, but used until it is refused. */
const leastMilliseconds = 1_000;
/** What a timer can count. */
const longestTimer = 2 ** 31 - 1;

/** Holds the token that is in use. */
export class Tokens {
  private held: Promise<string> | undefined;
  /** The one that is held, once it has come. */
  private token: string | undefined;
  private renewAt = Infinity;

  /** @param mostMilliseconds how long a function may take to get a token */
  constructor(
    private readonly source: TokenSource | undefined,
    private readonly mostMilliseconds = 30_000,
  ) {}

  /** Whether a refused token can be replaced by another. */
  get canRenew(): boolean {
    return typeof this.source === "function";
  }

  /**
   * @param signal ends the waiting for it
   * @returns the token to send; undefined where the client has none
   * @throws ConnectionLostError where the source fails or takes too long: it may succeed later
   */
  async current(signal?: AbortSignal): Promise<string | undefined> {
    const { source } = this;
    if (typeof source !== "function") return source;
    if (this.held === undefined || Date.now() >= this.renewAt) this.held = this.renew(source);
    if (signal === undefined) return await this.held;
    return await untilAborted(this.held, signal).catch((cause: unknown) => {
      if (cause instanceof ConnectionLostError) throw cause;
      throw new ConnectionLostError("No token came in time.", false, { cause });
    });
  }

  /** What comes after another was asked for changes nothing. */
  private renew(source: () => string | Promise<string>): Promise<string> {
    this.renewAt = Infinity;
    this.token = undefined;
    const asked: Promise<string> = this.ask(source).then(
      (token) => {
        if (this.held === asked) {
          this.renewAt = renewalOf(token);
          this.token = token;
        }
        return token;
      },
      (cause: unknown) => {
        if (this.held === asked) this.held = undefined;
        throw new ConnectionLostError("No token could be got.", false, { cause });
      },
    );
    return asked;
  }

  private async ask(source: () => string | Promise<string>): Promise<string> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new Error(`The token took longer than ${this.mostMilliseconds} ms.`));
    }, this.mostMilliseconds);
    try {
      return await untilAborted(source(), late.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A token was refused: the next one is asked for, unless it has been already. */
  forget(token: string | undefined): void {
    if (token === this.token) this.held = undefined;
  }

  /** Calls once when the token in use is to be renewed. @returns how to call that off */
  onRenewal(renew: () => void): () => void {
    if (this.renewAt === Infinity) return () => undefined;
    const timer = setTimeout(renew, Math.min(longestTimer, Math.max(0, this.renewAt - Date.now())));
    return () => {
      clearTimeout(timer);
    };
  }
}

/**
 * When to renew a token, in milliseconds since 1970: Infinity for what does not say when it ends. One that
 * has ended when it comes, or is about to, tells that this clock is ahead, and would be renewed without end:
 * it is used until it is refused.
 */
function renewalOf(token: string): number {
  const expires = expiryOf(token);
  if (expires === undefined) return Infinity;
  const left = expires * 1_000 - Date.now();
  if (left <= leastMilliseconds) return Infinity;
  return Date.now() + Math.max(left - leadMilliseconds, left * 0.8);
}

/** The claim `exp` of a JWT, in seconds since 1970. */
function expiryOf(token: string): number | undefined {
  const [, payload = ""] = token.split(".");
  try {
    const { exp } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { exp?: unknown };
    return typeof exp === "number" ? exp : undefined;
  } catch {
    return undefined;
  }
}
