import { createHmac } from "node:crypto";
import { type Envelope, parseEnvelope } from "../../events/envelope.js";
import { type Identifier, identifiersIn } from "../../events/identifiers.js";
import { now, toDatetime } from "../../events/instant.js";
import { type EventJson, withoutErased } from "../../events/redact.js";
import type { Database } from "../database.js";
import { loadErasureKey } from "../service-settings.js";
import { insertRows, placeholders } from "../statements.js";
import { erasures } from "../tables/erasures.table.js";

/** For how long it is believed that nobody was ever erased; see {@link Eraser}, which waits longer. */
export const believedMilliseconds = 1_000;

const idsPerStatement = 500;

interface Received {
  readonly body: Buffer;
  readonly envelope: Envelope;
}

/**
 * Who was erased: by HMAC, so that the list itself names nobody. What arrives of them later (an old event delivered or imported
 * again) is stored without personal data. (Phone numbers are few enough to be tried out by whoever holds the database with its key:
 * the list is no secret store, it is the least that keeps the erased erased.)
 */
export class ErasureList {
  private key: string | undefined;
  private isEmpty = true;
  private believedUntil = 0;

  constructor(private readonly database: Database) {}

  async add(identifiers: Iterable<Identifier>): Promise<void> {
    const hmac = await this.hmac();
    const erasedAt = toDatetime(now());
    const rows = Array.from(identifiers, (identifier) => ({ identifierHmac: hmac(identifier), erasedAt }));
    rows.sort((a, b) => (a.identifierHmac < b.identifierHmac ? -1 : 1));
    await this.database.transaction((transaction) => insertRows(transaction, erasures, rows, "keep"));
    this.believedUntil = 0;
  }

  /** A delivery as it may be stored: unchanged, unless it names somebody who was erased. */
  async redact({ body, envelope }: Received): Promise<Received> {
    // A delivery waits for this, so it may take no longer than a delivery may.
    const deadline = performance.now() + this.database.limits.transaction;
    if (await this.knowsNobody(deadline)) return { body, envelope };
    const event = JSON.parse(body.toString()) as EventJson;
    const erased = await this.erasedAmong(identifiersIn(event.data), deadline);
    if (erased.size === 0) return { body, envelope };
    const safe = Buffer.from(JSON.stringify(withoutErased(event, erased)));
    return { body: safe, envelope: parseEnvelope(safe) };
  }

  private async erasedAmong(candidates: ReadonlySet<Identifier>, deadline: number): Promise<Set<Identifier>> {
    const hmac = await this.hmac();
    const byHmac = new Map(Array.from(candidates, (identifier) => [hmac(identifier), identifier]));
    const hmacs = [...byHmac.keys()];
    const erased = new Set<Identifier>();
    for (let start = 0; start < hmacs.length; start += idsPerStatement) {
      const slice = hmacs.slice(start, start + idsPerStatement);
      const rows = await this.database.read<{ hmac: string }>(
        `SELECT identifier_hmac AS hmac FROM erasures WHERE identifier_hmac IN (${placeholders(slice)})`,
        slice,
        deadline - performance.now(),
      );
      for (const row of rows) {
        const identifier = byHmac.get(row.hmac);
        if (identifier !== undefined) erased.add(identifier);
      }
    }
    return erased;
  }

  /** Most services have erased nobody, and deliveries should not pay for the question. */
  private async knowsNobody(deadline: number): Promise<boolean> {
    if (Date.now() >= this.believedUntil) {
      const left = deadline - performance.now();
      const some = await this.database.read("SELECT 1 FROM erasures LIMIT 1", [], left);
      this.isEmpty = some.length === 0;
      this.believedUntil = Date.now() + believedMilliseconds;
    }
    return this.isEmpty;
  }

  private async hmac(): Promise<(identifier: Identifier) => string> {
    const key = (this.key ??= await loadErasureKey(this.database));
    return (identifier) => createHmac("sha256", key).update(identifier).digest("hex");
  }
}
