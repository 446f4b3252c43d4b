import { toDatetime } from "../../model/instant.js";
import { firstSighting, merge, type Merged, messageOrderKey, type OrderKey } from "../../events/merge.js";
import type { SessionSnapshot } from "../../events/session-payload.js";
import type { ReadTogether, Transaction } from "../sql/transaction.js";
import { insertRowsLater, placeholders, selectList, slicesOf, updateRow } from "../sql/statements.js";
import { Message, type MessageFacts, type MessageRow, partyFields } from "../../model/message.js";
import type { SessionMessage } from "../../model/bookkeeping.js";
import type { Row } from "../../model/declare.js";
import { messages, sessionMessages } from "../sql/tables.js";
import { listing } from "../sql/listing.js";
import { newClusterKey } from "./cluster-key.js";
import { type ListedMessage, listedFields } from "./listed-messages.js";
import { MergedRow } from "./merged-row.js";
import { NotOfThisOrganizationError } from "./ownership.js";

/** What became of a snapshot's messages. */
export interface MessagesOutcome {
  /** Those of `current` that the session had not listed before. */
  readonly joined: readonly ListedMessage[];
  /** Whether any message is new to the session or reads otherwise than before. */
  readonly changed: boolean;
  /** The snapshot's messages, as they stand now. */
  readonly current: readonly ListedMessage[];
  /**
   * Messages that were known and of which something changed that sessions know: others of the conversation
   * may list them too.
   */
  readonly rewritten: readonly string[];
  /** Whether one of those names another party than before. */
  readonly arePartiesOther: boolean;
}

/** A message that is stored, and where the session lists it; null where it does not yet. */
export type KnownMessage = MessageRow & { readonly position: number | null };

/** A message that is stored by now. */
type StoredMessage = Pick<MessageRow, "clusterKey"> & { readonly position?: number | null };

/** What of an event's receipt decides about its messages. */
export interface MessageReceipt {
  readonly sessionOrder: OrderKey;
  readonly receivedAt: string;
}

/** Writes the messages of one session event. Rows are taken in the order of their ids. */
export class MessageWriter {
  /**
   * Reads and locks those of a snapshot's messages that are stored, from this session or another of the
   * conversation.
   * @throws NotUnderstoodError where one belongs to another organization
   */
  async load(
    transaction: Transaction,
    snapshot: SessionSnapshot,
  ): Promise<ReadonlyMap<string, KnownMessage>> {
    if (snapshot.messages.length === 0) return new Map();
    const rows = await transaction.readTogether(lockMessages, snapshot);
    if (rows.some(({ organizationId }) => organizationId !== snapshot.organizationId))
      throw new NotOfThisOrganizationError("data.messages");
    return new Map(rows.map((row) => [row.id, row]));
  }

  /**
   * Adds what is new and merges the rest.
   * @param sessionKey the cluster key of the session, which lists them
   * @param known what `load` found in this transaction. Where another session stores a message meanwhile, the
   * server refuses ours as a duplicate, and the transaction runs again.
   */
  async write(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    sessionKey: number,
    { sessionOrder, receivedAt }: MessageReceipt,
    known: ReadonlyMap<string, KnownMessage>,
  ): Promise<MessagesOutcome> {
    const incoming = snapshot.messages.map((facts, position) => ({ facts, position }));
    incoming.sort((a, b) => (a.facts.id < b.facts.id ? -1 : 1));
    const fresh = incoming.filter(({ facts }) => !known.has(facts.id)).map(({ facts }) => facts);
    const times = { receivedAt, changedAt: receivedAt };
    const { organizationId } = snapshot;
    const rows = fresh.map((facts) => {
      const first = firstSighting(facts, orderKey(facts, sessionOrder), merged.newFacts);
      return toRow(first, { organizationId, clusterKey: newClusterKey(), ...times });
    });
    await insertRowsLater(transaction, messages, rows);
    const stored = new Map<string, StoredMessage>([...known, ...rows.map((row) => [row.id, row] as const)]);
    const outcome = await this.mergeInto(transaction, snapshot, { sessionOrder, receivedAt }, known);
    await this.join(transaction, sessionKey, incoming, stored);
    const current = [...fresh, ...outcome.current];
    const joined = current.filter(({ id }) => (known.get(id)?.position ?? null) === null);
    return { ...outcome, joined, changed: outcome.changed || joined.length > 0, current };
  }

  private async mergeInto(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    { sessionOrder, receivedAt }: MessageReceipt,
    known: ReadonlyMap<string, KnownMessage>,
  ): Promise<Omit<MessagesOutcome, "joined">> {
    let changed = false;
    const current: ListedMessage[] = [];
    const rewritten: string[] = [];
    let arePartiesOther = false;
    const moved: string[] = [];
    const receivedEarlier: string[] = [];
    const changedRows: MessageRow[] = [];
    for (const facts of snapshot.messages) {
      const row = known.get(facts.id);
      if (!row) continue;
      const key = orderKey(facts, sessionOrder);
      if (receivedAt < row.receivedAt) receivedEarlier.push(row.id);
      if (row.older === null && merged.repeats(row, facts)) {
        // A repeated value can have a newer key than before, and that decides what may overwrite it later.
        if (key > row.source) moved.push(row.id);
        current.push(row);
        continue;
      }
      const after = merge(merged.fromColumns(row), facts, key, merged.newFacts);
      changed ||= after.changed.length > 0;
      current.push(after.fields);
      if (listedFields.some((name) => after.changed.includes(name))) rewritten.push(row.id);
      arePartiesOther ||= partyFields.some((name) => after.changed.includes(name));
      const isLater = after.changed.length > 0 && receivedAt > row.changedAt;
      const own = {
        organizationId: row.organizationId,
        clusterKey: row.clusterKey,
        receivedAt: receivedAt < row.receivedAt ? receivedAt : row.receivedAt,
        changedAt: isLater ? receivedAt : row.changedAt,
      };
      const next = toRow(after, own);
      const isSettled = after.changed.length === 0 && next.source === row.source && next.older === row.older;
      if (!isSettled) changedRows.push(next);
    }
    await moveKeys(transaction, moved, sessionOrder);
    await keepFirstReceipt(transaction, receivedEarlier, receivedAt);
    if (changedRows.length > 0) {
      changedRows.sort((a, b) => (a.id < b.id ? -1 : 1));
      await insertRowsLater(transaction, messages, changedRows, { overwrite });
    }
    return { changed, current, rewritten, arePartiesOther };
  }

  private async join(
    transaction: Transaction,
    sessionKey: number,
    incoming: readonly Positioned[],
    stored: ReadonlyMap<string, StoredMessage>,
  ): Promise<void> {
    const rows = [];
    for (const { facts, position } of incoming) {
      const message = stored.get(facts.id);
      if (message === undefined) throw new Error("A message is listed that is not stored.");
      const key = { sessionKey, messageKey: message.clusterKey };
      const earlier = message.position ?? null;
      if (earlier === null) rows.push({ ...key, position });
      else if (position < earlier) await updateRow(transaction, sessionMessages, key, { position });
    }
    await insertRowsLater(transaction, sessionMessages, rows);
  }
}

type Listing = Row<SessionMessage> & { readonly sessionId: string };

/** Those of the snapshots' messages that are stored; no two snapshots have a message in common. */
const lockMessages: ReadTogether<SessionSnapshot, readonly KnownMessage[]> = async (
  transaction,
  snapshots,
) => {
  const sessions = new Map<string, string>();
  for (const { id, messages: listed } of snapshots) for (const each of listed) sessions.set(each.id, id);
  const sessionIds = snapshots.map(({ id }) => id);
  const [listings, ...slices] = await Promise.all([
    // Whoever lists messages holds the session's lock, as we do.
    transaction.query<Listing>(
      `SELECT s.id AS sessionId, ${selectList(sessionMessages, "j", sessionMessages.properties)}
       FROM ${listing} WHERE s.id IN (${placeholders(sessionIds)})`,
      sessionIds,
    ),
    ...slicesOf([...sessions.keys()].sort()).map((slice) =>
      transaction.query<MessageRow>(
        `SELECT ${selected} FROM messages m
         WHERE m.id IN (${placeholders(slice)}) ORDER BY m.id${transaction.dialect.forUpdate}`,
        slice,
      ),
    ),
  ]);
  // Another of these sessions may list it too.
  const keyOf = (sessionId: string | undefined, messageKey: number) => `${sessionId} ${messageKey}`;
  const positions = new Map(
    listings.map(({ sessionId, messageKey, position }) => [keyOf(sessionId, messageKey), position]),
  );
  const known = new Map<string, KnownMessage>();
  for (const row of slices.flat()) {
    const position = positions.get(keyOf(sessions.get(row.id), row.clusterKey)) ?? null;
    known.set(row.id, Object.assign(row, { position }));
  }
  return ({ messages: listed }) => listed.flatMap(({ id }) => known.get(id) ?? []);
};

interface Positioned {
  readonly facts: MessageFacts;
  readonly position: number;
}

/**
 * Most messages of an event say what is known: their order keys share one narrow UPDATE. A message that is
 * said again has the same updated_at, with which its key begins.
 */
async function moveKeys(transaction: Transaction, moved: string[], sessionOrder: OrderKey): Promise<void> {
  for (const slice of slicesOf(moved.sort())) {
    await transaction.later(
      `UPDATE messages SET source = CONCAT(SUBSTR(source, 1, INSTR(source, '|')), ?)
       WHERE id IN (${placeholders(slice)})`,
      [sessionOrder, ...slice],
    );
  }
}

/** An event may come after one that was received later: it was a dead letter, or is imported. */
async function keepFirstReceipt(transaction: Transaction, ids: string[], receivedAt: string): Promise<void> {
  for (const slice of slicesOf(ids.sort()))
    await transaction.later(`UPDATE messages SET received_at = ? WHERE id IN (${placeholders(slice)})`, [
      receivedAt,
      ...slice,
    ]);
}

function orderKey(facts: MessageFacts, sessionOrder: OrderKey): OrderKey {
  return messageOrderKey(facts.updatedAt === null ? null : toDatetime(facts.updatedAt), sessionOrder);
}

const merged = new MergedRow<MessageFacts>(Message);
const selected = selectList(messages, "m", messages.properties);
const never: readonly string[] = ["id", "organizationId", "clusterKey"];
const overwrite = messages.properties.filter((name) => !never.includes(name));

/** What a row holds that no event tells. */
type Own = Pick<MessageRow, "organizationId" | "clusterKey" | "receivedAt" | "changedAt">;

function toRow(state: Merged<MessageFacts>, own: Own): MessageRow {
  return { ...merged.toColumns(state), ...own } as unknown as MessageRow;
}
