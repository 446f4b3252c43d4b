import { setTimeout as delay } from "node:timers/promises";
import type { ClassType } from "type-graphql";
import { BadInputError } from "../../errors.js";
import { Analysis } from "../../model/analysis.js";
import { propertiesOf } from "../../model/declare.js";
import { Message } from "../../model/message.js";
import { Session } from "../../model/session.js";
import { type Identifier, identifierOf, identifiersOfAddress, Scrubber } from "../../events/identifiers.js";
import { jsonTextOf } from "../../events/json.js";
import { type EventJson, isWith, ownAddressField, withoutErased } from "../../events/redact.js";
import { lockWaitSeconds } from "../connection/data-source.js";
import type { Database } from "../database.js";
import { pack, unpack } from "../../model/packed.js";
import { listedMessages } from "../sql/listing.js";
import { updateRow } from "../sql/statements.js";
import { webhookEvents } from "../sql/tables.js";
import type { SqlValue, Transaction } from "../sql/transaction.js";
import { rehashAnalyses } from "../writers/analysis.writer.js";
import { refreshSession } from "../writers/listed-messages.js";
import { believedMilliseconds, type ErasureList } from "./erasure-list.js";
import { scanRows } from "./scan-rows.js";
import { scrubTexts } from "./scrub-texts.js";

/** What an erasure found and changed. */
export interface Erased {
  readonly contacts: number;
  readonly sessions: readonly string[];
  readonly messages: number;
  readonly rawEvents: number;
  /** Texts of other people that named the erased one. */
  readonly mentions: number;
}

interface Address {
  readonly contactId: string | null;
  readonly conversationId: string;
  readonly direction: string | null;
  readonly fromAddress: string | null;
  readonly toAddress: string | null;
}

/** All that one person is known by, and where they took part. */
interface Person {
  readonly identifiers: Set<Identifier>;
  readonly contactIds: Set<string>;
  readonly conversations: Set<string>;
}

/**
 * For how long a delivery may be stored that asked the list of the erased before. It may believe an old state
 * of it; and it asks, is projected, and where that fails becomes a dead letter, each for as long as a
 * transaction may take. What a connection that was given up has under way may wait for a lock yet, and be
 * committed.
 */
function settleMillisecondsOf({ dialect, limits }: Database): number {
  const lingering = dialect.isEmbedded ? 0 : lockWaitSeconds * 1_000;
  return believedMilliseconds + 3 * limits.transaction + lingering;
}

/**
 * Erases a person from every table. Rows, ids, times and codes stay, so counts do; texts, addresses and the
 * contact's ids go. First the list of the erased is written, so that what arrives meanwhile is redacted on
 * its way in; what was on its way already is waited for, and may tell more of the person, who is then listed
 * with that too; once nothing new is learned, what is stored is rewritten, a session at a time.
 */
export class Eraser {
  /**
   * @param settleMilliseconds by default as long as deliveries may take by the database's limits, which must
   * be the service's
   */
  constructor(
    private readonly database: Database,
    private readonly list: ErasureList,
    private readonly settleMilliseconds = settleMillisecondsOf(database),
  ) {}

  /** @throws BadInputError where the text identifies nobody, or an address of the organization itself */
  async erase(text: string): Promise<Erased> {
    const identifier = identifierOf(text);
    if (identifier === undefined)
      throw new BadInputError(
        "A phone number with its country code (as in +13235550100), an e-mail address or a contact's UUID is needed.",
      );
    const person: Person = {
      identifiers: new Set([identifier]),
      contactIds: new Set(),
      conversations: new Set(),
    };
    for (let listed = 0; ;) {
      await this.find(person);
      const known = [...person.identifiers, ...person.conversations];
      if (known.length === listed) break;
      await this.list.add(known);
      await delay(this.settleMilliseconds);
      listed = known.length;
    }
    const sessions = await this.sessionsOf(person);
    for (const id of sessions)
      await this.database.transaction((transaction) => eraseSession(transaction, id));
    const messages = await this.eraseMessages(person);
    const rawEvents = await this.eraseRawEvents(person);
    const mentions = await scrubTexts(this.database, new Scrubber(person.identifiers));
    await compact(this.database);
    return { contacts: person.contactIds.size, sessions, messages, rawEvents, mentions };
  }

  /** Follows addresses to contacts and contacts to addresses, as far as messages tell. */
  private async find(person: Person): Promise<void> {
    for (let known = 0; known < person.identifiers.size;) {
      known = person.identifiers.size;
      const names = new Scrubber(new Set(person.identifiers));
      for await (const rows of scanRows<Address & { readonly id: string }>(this.database, addressScan)) {
        for (const row of rows) learn(person, row, names);
      }
    }
  }

  private async sessionsOf({ conversations }: Person): Promise<string[]> {
    const ids: string[] = [];
    for (const conversation of conversations) {
      const rows = await this.database.read<{ id: string }>(
        "SELECT id FROM sessions WHERE conversation_id = ?",
        [conversation],
      );
      ids.push(...rows.map(({ id }) => id));
    }
    return ids;
  }

  private async eraseMessages({ conversations }: Person): Promise<number> {
    let count = 0;
    for (const conversation of conversations) {
      count += await this.database.transaction(async (transaction) => {
        const erased = await transaction.execute(
          `UPDATE messages SET ${removalOf(Message)} WHERE conversation_id = ?`,
          [conversation],
        );
        const listing = await transaction.query<{ id: string }>(
          `SELECT DISTINCT s.id FROM ${listedMessages} WHERE m.conversation_id = ? ORDER BY s.id`,
          [conversation],
        );
        for (const { id } of listing) await refreshSession(transaction, id);
        return erased;
      });
    }
    return count;
  }

  private async eraseRawEvents({ identifiers, conversations }: Person): Promise<number> {
    const erased = new Set([...identifiers, ...conversations]);
    const scrubber = new Scrubber(identifiers);
    let count = 0;
    for await (const rows of scanRows<{ readonly id: string; readonly packed: Buffer }>(
      this.database,
      bodyScan,
    )) {
      for (const { id, packed } of rows) {
        const event = JSON.parse(jsonTextOf(unpack(packed))) as EventJson;
        if (!isWith(event, erased) && !scrubber.finds(event)) continue;
        const safe = Buffer.from(JSON.stringify(withoutErased(event, erased)));
        const packedBody = await pack(safe);
        await this.database.transaction((transaction) =>
          updateRow(transaction, webhookEvents, { id }, { sizeBytes: safe.length, packedBody }),
        );
        count += 1;
      }
    }
    return count;
  }
}

const addressScan = {
  table: "messages",
  key: ["cluster_key"],
  columns:
    "contact_id AS contactId, conversation_id AS conversationId, direction, from_address AS fromAddress, to_address AS toAddress",
};
const bodyScan = { table: "webhook_events", key: ["id"], columns: "body AS packed", batch: 100 };

/** @throws BadInputError where the address turns out to be the organization's */
function learn(person: Person, row: Address, known: Scrubber): void {
  const own = ownAddressField(row.direction);
  const addresses = { from: row.fromAddress, to: row.toAddress };
  const theirs = own === "to" ? "from" : own === "from" ? "to" : undefined;
  const names = (text: string | null) => text !== null && known.names(text);
  const ownAddress = own === undefined ? null : addresses[own];
  if (ownAddress !== null && known.isAddress(ownAddress) && !(theirs && names(addresses[theirs]))) {
    throw new BadInputError(
      "This address is one that the organization itself writes from: it identifies no contact. Nothing that is stored was erased.",
    );
  }
  const isTheirs =
    theirs === undefined ? names(addresses.from) || names(addresses.to) : names(addresses[theirs]);
  if (!isTheirs && !(row.contactId !== null && person.identifiers.has(row.contactId))) return;
  person.conversations.add(row.conversationId);
  if (row.contactId !== null) {
    person.contactIds.add(row.contactId);
    person.identifiers.add(row.contactId);
  }
  const address = theirs === undefined ? null : addresses[theirs];
  const [identifier, ...others] = address === null ? [] : identifiersOfAddress(address, ownAddress);
  // Of a list nobody knows who is who.
  if (identifier !== undefined && others.length === 0) person.identifiers.add(identifier);
}

/** The assignments that take from a row what its declaration says goes with the person. */
function removalOf(type: ClassType): string {
  return propertiesOf(type)
    .flatMap(({ name, column, traits }) => {
      const { erased } = traits.privacy;
      if (erased === "removed") return [`${column} = NULL`];
      if (erased === "kept") return [];
      const direction = name === "from" ? "OUTBOUND" : "INBOUND";
      return [`${column} = CASE WHEN direction = '${direction}' THEN ${column} ELSE NULL END`];
    })
    .join(", ");
}

async function eraseSession(transaction: Transaction, id: string): Promise<void> {
  const only: SqlValue[] = [id];
  await transaction.execute(`UPDATE sessions SET ${removalOf(Session)} WHERE id = ?`, only);
  await transaction.execute("DELETE FROM analysis_answers WHERE session_id = ?", only);
  await refreshSession(transaction, id);
  await transaction.execute(`UPDATE analyses SET ${removalOf(Analysis)} WHERE session_id = ?`, only);
  await rehashAnalyses(transaction, id);
}

/** Takes what was deleted out of the database's own files. */
async function compact({ dialect, writer }: Database): Promise<void> {
  for (const statement of dialect.compaction) await writer.query(statement);
}
