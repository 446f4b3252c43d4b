import { createHmac } from "node:crypto";
import { setImmediate as eventLoop } from "node:timers/promises";
import { type Envelope, parseEnvelope } from "../../events/envelope.js";
import {
  type Identifier,
  identifiersOfKey,
  lengthKeys,
  listedAs,
  narrowerKeys,
  possibleKeys,
  tailLengthsOf,
} from "../../events/identifiers.js";
import { now, toDatetime } from "../../model/instant.js";
import { jsonTextOf } from "../../events/json.js";
import { type EventJson, withoutErased } from "../../events/redact.js";
import type { Database } from "../database.js";
import { erasureKeyName, loadErasureKey } from "../service-settings.js";
import { insertRows, placeholders } from "../sql/statements.js";
import { erasures } from "../sql/tables.js";

/**
 * For how long it is believed that nobody was ever erased, or under which key; see {@link Eraser}, which
 * waits longer. Not for ever: a restored backup may hold no key yet, and another one is made then.
 */
export const believedMilliseconds = 1_000;

const keysPerStatement = 500;

interface Received {
  readonly body: Buffer;
  readonly envelope: Envelope;
}

/**
 * Who was erased: by HMAC, so that the list itself names nobody. What arrives of them later (an old event
 * delivered or imported again) is stored without personal data. (Phone numbers are few enough to be tried out
 * by whoever holds the database with its key: the list is no secret store, it is the least that keeps the
 * erased erased.)
 */
export class ErasureList {
  private key: string | undefined;
  private lengths: ReadonlySet<number> | undefined;
  private believedUntil = 0;
  private redacted = 0;

  constructor(private readonly database: Database) {}

  async add(identifiers: Iterable<Identifier>): Promise<void> {
    const hmac = hmacWith(await loadErasureKey(this.database));
    const erasedAt = toDatetime(now());
    const keys = new Set([...identifiers].flatMap(listedAs));
    const rows = Array.from(keys, (key) => ({ identifierHmac: hmac(key), erasedAt }));
    rows.sort((a, b) => (a.identifierHmac < b.identifierHmac ? -1 : 1));
    await this.database.transaction((transaction) => insertRows(transaction, erasures, rows, "keep"));
    this.believedUntil = 0;
  }

  /** Deliveries that named somebody who was erased. */
  get redactedDeliveries(): number {
    return this.redacted;
  }

  /** A delivery as it may be stored: unchanged, unless it names somebody who was erased. */
  async redact({ body, envelope }: Received): Promise<Received> {
    // A delivery waits for this, so it may take no longer than a delivery may.
    const deadline = performance.now() + this.database.limits.transaction;
    const lengths = await this.erasedLengths(deadline);
    if (lengths === undefined) return { body, envelope };
    const event = JSON.parse(jsonTextOf(body)) as EventJson;
    const erased = await this.erasedAmong(possibleKeys(event.data, lengths), deadline);
    if (erased.size === 0) return { body, envelope };
    this.redacted += 1;
    const safe = Buffer.from(JSON.stringify(withoutErased(event, erased)));
    return { body: safe, envelope: parseEnvelope(safe) };
  }

  /** Phone numbers that are written without their country are of the country under which they are listed. */
  private async erasedAmong(keys: Iterable<string>, deadline: number): Promise<Set<Identifier>> {
    const erased = new Set<Identifier>();
    for (const key of await this.listedAmong(keys, deadline)) {
      const narrower = narrowerKeys(key);
      const codes = [...(await this.listedAmong(narrower.keys(), deadline))].map(
        (each) => narrower.get(each) ?? "",
      );
      for (const identifier of identifiersOfKey(key, codes)) erased.add(identifier);
    }
    return erased;
  }

  /**
   * The keys are asked for as they are found: a body of megabytes may hold a million, and the event loop goes
   * on meanwhile.
   */
  private async listedAmong(keys: Iterable<string>, deadline: number): Promise<Set<string>> {
    const hmac = await this.hmac();
    const listed = new Set<string>();
    let byHmac = new Map<string, string>();
    const ask = async () => {
      const hmacs = [...byHmac.keys()];
      const rows = await this.database.read<{ hmac: string }>(
        `SELECT identifier_hmac AS hmac FROM erasures WHERE identifier_hmac IN (${placeholders(hmacs)})`,
        hmacs,
        deadline - performance.now(),
      );
      for (const { hmac: found } of rows) listed.add(byHmac.get(found) ?? "");
      byHmac = new Map();
    };
    let unasked = new Set<string>();
    for (const key of keys) {
      if (unasked.has(key)) continue;
      unasked.add(key);
      byHmac.set(hmac(key), key);
      if (byHmac.size < keysPerStatement) continue;
      await ask();
      await eventLoop();
      unasked = new Set();
    }
    if (byHmac.size > 0) await ask();
    return listed;
  }

  /**
   * Most services have erased nobody, and deliveries should not pay for the question.
   * @returns how many digits the phone numbers of the erased have; undefined where nobody was erased
   */
  private async erasedLengths(deadline: number): Promise<ReadonlySet<number> | undefined> {
    if (Date.now() >= this.believedUntil) {
      const left = deadline - performance.now();
      const [some] = await this.database.read<{ key: string }>(
        "SELECT value AS `key` FROM service_settings WHERE name = ? AND EXISTS (SELECT 1 FROM erasures)",
        [erasureKeyName],
        left,
      );
      this.key = some?.key;
      this.lengths =
        some === undefined ? undefined : tailLengthsOf(await this.listedAmong(lengthKeys, deadline));
      this.believedUntil = Date.now() + believedMilliseconds;
    }
    return this.lengths;
  }

  private async hmac(): Promise<(key: string) => string> {
    return hmacWith((this.key ??= await loadErasureKey(this.database)));
  }
}

function hmacWith(secret: string): (key: string) => string {
  return (key) => createHmac("sha256", secret).update(key).digest("hex");
}
