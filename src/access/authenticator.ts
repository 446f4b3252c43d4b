import { LRUCache } from "lru-cache";
import { UnauthenticatedError, UnavailableError } from "../errors.js";
import { fromDatetime } from "../model/instant.js";
import type { Logger } from "../logger.js";
import type { ApiKeyStore } from "../store/api-keys.js";
import { type ApiKeyRow } from "../model/bookkeeping.js";
import { isSecretOf, parseApiKey } from "./api-key.js";
import { type Caller, localCaller, type Role, scopeOf } from "./caller.js";
import { FairQueue } from "../store/connection/fair-queue.js";
import type { TokenVerifier } from "./token-verifier.js";

/**
 * How long what the database said of a key is believed: a revocation takes effect within it, on every
 * instance.
 */
const believedMilliseconds = 2_000;
/** The same where a caller asks for what is needed most while the database is away. */
const believedWithoutDatabaseMilliseconds = 600_000;
/** How long the database is waited for before that: whoever scrapes metrics gives up after 10 s. */
const patienceMilliseconds = 2_000;
const touchedMilliseconds = 60_000;
const rememberedKeys = 10_000;
/** Where the database is asked for keys that let nobody in so far: one at a time. */
const strangers = { line: "strangers", bounds: [{ key: "strangers", most: 1 }], isShared: true };
/** Different keys that may wait for that: after a restart nobody is known. */
const mostStrangers = 1_000;
const longestWait = 5_000;

/** Decides who asks: the one place, for HTTP, WebSocket, server-sent events and exports. */
export class Authenticator {
  private readonly known = new LRUCache<string, ApiKeyRow>({
    max: rememberedKeys,
    ttl: believedMilliseconds,
  });
  /**
   * Keys that have let somebody in, by prefix, as the database had them last: whoever has one of these is no
   * stranger who guesses.
   */
  private readonly trusted = new LRUCache<string, { readonly row: ApiKeyRow; readonly at: number }>({
    max: rememberedKeys,
  });
  private readonly strangers = new FairQueue(mostStrangers);
  /** Keys that are looked up now, by prefix: a crowd that comes with one key waits for one answer. */
  private readonly looking = new Map<string, Promise<ApiKeyRow | undefined>>();
  private readonly touched = new LRUCache<string, true>({ max: rememberedKeys, ttl: touchedMilliseconds });
  private writing: Promise<void> = Promise.resolve();
  private openUntil = 0;

  /** @param isOpen nothing is set up to authenticate with, so whoever reaches the service is its operator */
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly tokens: TokenVerifier | undefined,
    private isOpen: boolean,
    private readonly logger: Logger,
  ) {}

  /**
   * @param authorization the header `Authorization`, or the same text out of connection_init
   * @param evenWithoutDatabase a key that let somebody in within the last ten minutes does so again where the
   * database does not answer
   * @throws UnauthenticatedError, UnavailableError
   */
  async authenticate(authorization: string | undefined, evenWithoutDatabase = false): Promise<Caller> {
    if (await this.admitsAnyone(evenWithoutDatabase)) return localCaller;
    const token = /^Bearer +([^\s]+)\s*$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) throw new UnauthenticatedError();
    const key = parseApiKey(token);
    if (key === undefined) {
      if (this.tokens === undefined) throw new UnauthenticatedError();
      return await this.tokens.callerOf(token);
    }
    const row = await (evenWithoutDatabase ? this.keyRowEvenOld(key.prefix) : this.keyRow(key.prefix));
    if (row === undefined || !isSecretOf(key.secret, row.secretSha256)) throw new UnauthenticatedError();
    const caller = toCaller(row);
    if (row.revokedAt !== null || isExpired(caller)) throw new UnauthenticatedError();
    if (this.trusted.peek(key.prefix)?.row !== row) this.trusted.set(key.prefix, { row, at: Date.now() });
    this.touch(row.id);
    return caller;
  }

  /** Waits for what is still being written. */
  async stop(): Promise<void> {
    await this.writing;
  }

  /** The first key that is made closes an open service, without a restart. */
  private async admitsAnyone(evenWithoutDatabase: boolean): Promise<boolean> {
    if (!this.isOpen || Date.now() < this.openUntil) return this.isOpen;
    const asked = this.askWhetherOpen();
    if (!evenWithoutDatabase) return await asked;
    return await within(patienceMilliseconds, asked).catch((error: unknown) => {
      if (error instanceof UnavailableError) return this.isOpen;
      throw error;
    });
  }

  private async askWhetherOpen(): Promise<boolean> {
    this.isOpen = !(await this.keys.exist());
    this.openUntil = Date.now() + believedMilliseconds;
    return this.isOpen;
  }

  private async keyRowEvenOld(prefix: string): Promise<ApiKeyRow | undefined> {
    try {
      return await within(patienceMilliseconds, this.keyRow(prefix));
    } catch (error) {
      const { row, at = 0 } = this.trusted.get(prefix) ?? {};
      const isRecent = Date.now() - at <= believedWithoutDatabaseMilliseconds;
      if (error instanceof UnavailableError && isRecent) return row;
      throw error;
    }
  }

  private async keyRow(prefix: string): Promise<ApiKeyRow | undefined> {
    const known = this.known.get(prefix);
    if (known !== undefined) return known;
    const looking = this.looking.get(prefix) ?? this.lookUp(prefix);
    this.looking.set(prefix, looking);
    return await looking;
  }

  private async lookUp(prefix: string): Promise<ApiKeyRow | undefined> {
    const read = () => this.keys.byPrefix(prefix);
    try {
      // However many keys are guessed, they take one of the connections that deliveries need too.
      const row = await (this.trusted.has(prefix)
        ? read()
        : this.strangers.run(strangers, read, longestWait));
      if (row !== undefined) this.known.set(prefix, row);
      return row;
    } finally {
      this.looking.delete(prefix);
    }
  }

  /** A request does not wait for its key's last use to be written. */
  private touch(id: string): void {
    if (this.touched.has(id)) return;
    this.touched.set(id, true);
    this.writing = this.writing
      .then(() => this.keys.touch(id))
      .catch((err: unknown) => {
        this.logger.warn({ err }, "the last use of an API key could not be written");
      });
  }
}

/** @throws UnavailableError where it takes longer; it goes on, and nobody hears of it */
async function within<Result>(milliseconds: number, asked: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new UnavailableError("The database takes too long to answer."));
    }, milliseconds);
  });
  try {
    return await Promise.race([asked, over]);
  } finally {
    clearTimeout(timer);
  }
}

export function isExpired({ expiresAt }: Caller): boolean {
  return expiresAt !== undefined && expiresAt <= Date.now();
}

function toCaller(row: ApiKeyRow): Caller {
  const role = row.role as Role;
  return {
    id: `key:${row.prefix}`,
    name: row.name,
    role,
    scope: scopeOf(role, row.organizationId),
    expiresAt: row.expiresAt === null ? undefined : Date.parse(fromDatetime(row.expiresAt, 3)),
    keyId: row.id,
  };
}
