import { ConnectionLostError } from "./errors.js";

/** An API key or a token; or a function that gets one, which is asked again before it ends or when refused. */
export type TokenSource = string | (() => string | Promise<string>);

/** A token is renewed so long before its end, or at four fifths of what was left of it. */
const leadMilliseconds = 30_000;
/** What a timer can count. */
const longestTimer = 2 ** 31 - 1;

/** Holds the token that is in use. */
export class Tokens {
  private held: Promise<string> | undefined;
  private renewAt = Infinity;

  constructor(private readonly source: TokenSource | undefined) {}

  /** Whether a refused token can be replaced by another. */
  get canRenew(): boolean {
    return typeof this.source === "function";
  }

  /**
   * @returns the token to send; undefined where the client has none
   * @throws ConnectionLostError where the source fails: it may succeed later
   */
  async current(): Promise<string | undefined> {
    const { source } = this;
    if (typeof source !== "function") return source;
    if (this.held === undefined || Date.now() >= this.renewAt) {
      this.renewAt = Infinity;
      const asked: Promise<string> = this.ask(source).catch((cause: unknown) => {
        if (this.held === asked) this.held = undefined;
        throw new ConnectionLostError("No token could be got.", false, { cause });
      });
      this.held = asked;
    }
    return await this.held;
  }

  private async ask(source: () => string | Promise<string>): Promise<string> {
    const token = await source();
    this.renewAt = renewalOf(token);
    return token;
  }

  /** The token in use was refused: the next one is asked for anew. */
  forget(): void {
    this.held = undefined;
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

/** When to renew a token, in milliseconds since 1970: Infinity for what does not say when it ends. */
function renewalOf(token: string): number {
  const expires = expiryOf(token);
  if (expires === undefined) return Infinity;
  const left = expires * 1_000 - Date.now();
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
