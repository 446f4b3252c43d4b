import { decimalsOf, fromDatetime, toDatetime } from "../../events/instant.js";
import { firstSighting, merge, type Merged, messageOrderKey, type OrderKey } from "../../events/merge.js";
import type { MessageFacts, SessionSnapshot } from "../../events/session-payload.js";
import type { Transaction } from "../database.js";
import { forUpdate } from "../dialect.js";
import { insertRows, insertRowsLater, placeholders, selectList, updateRow } from "../statements.js";
import { type MessageRow, messages } from "../tables/messages.table.js";
import { sessionMessages } from "../tables/session-messages.table.js";
import { NotOfThisOrganizationError } from "./ownership.js";

/** What became of a snapshot's messages. */
export interface MessagesOutcome {
  /** Messages that the session had not listed before. */
  readonly joined: number;
  /** Whether any message is new to the session or reads otherwise than before. */
  readonly changed: boolean;
  /** Messages whose texts are new or read otherwise than before. */
  readonly rewritten: readonly MessageTexts[];
}

export type MessageTexts = Pick<MessageFacts, "id" | "body" | "translatedBody">;

type KnownMessage = MessageRow & { readonly position: number | null };

/** How many ids one SELECT or UPDATE names. */
const idsPerStatement = 500;

/** Writes the messages of one session event; the caller holds the session's row lock. Rows are taken in the order of their ids. */
export class MessageWriter {
  async write(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    sessionKey: OrderKey,
    isNewSession: boolean,
  ): Promise<MessagesOutcome> {
    const incoming = snapshot.messages.map((facts, position) => ({ facts, position }));
    if (incoming.length === 0) return { joined: 0, changed: false, rewritten: [] };
    incoming.sort((a, b) => (a.facts.id < b.facts.id ? -1 : 1));
    const known = isNewSession ? new Map<string, KnownMessage>() : await this.load(transaction, snapshot);
    const fresh = incoming.filter(({ facts }) => !known.has(facts.id));
    const inserted = await this.insert(transaction, snapshot.organizationId, fresh, sessionKey);
    if (inserted < fresh.length) {
      // Another session of the conversation stored some of them since; now they are ours to lock and to merge.
      for (const [id, row] of await this.load(transaction, snapshot)) known.set(id, row);
    }
    const freshIds = new Set(fresh.map(({ facts }) => facts.id));
    const merged = await this.mergeInto(transaction, snapshot, known, freshIds, sessionKey);
    const joined = await this.join(transaction, snapshot.id, incoming, known);
    const added = fresh.flatMap(({ facts }) => (known.has(facts.id) ? [] : [facts]));
    return {
      joined,
      changed: merged.changed || joined > 0,
      rewritten: [...added, ...merged.rewritten],
    };
  }

  private async load(
    transaction: Transaction,
    snapshot: SessionSnapshot,
  ): Promise<Map<string, KnownMessage>> {
    const known = new Map<string, KnownMessage>();
    const ids = snapshot.messages.map(({ id }) => id).sort();
    for (let start = 0; start < ids.length; start += idsPerStatement) {
      const slice = ids.slice(start, start + idsPerStatement);
      const rows = await transaction.query<KnownMessage>(
        `SELECT ${selectList(messages, "m", columns)}, j.position AS position FROM messages m
         LEFT JOIN session_messages j ON j.session_id = ? AND j.message_id = m.id
         WHERE m.id IN (${placeholders(slice)}) ORDER BY m.id${forUpdate(transaction.dialect)}`,
        [snapshot.id, ...slice],
      );
      for (const row of rows) {
        if (row.organizationId !== snapshot.organizationId)
          throw new NotOfThisOrganizationError("data.messages");
        known.set(row.id, row);
      }
    }
    return known;
  }

  private async insert(
    transaction: Transaction,
    organizationId: string,
    fresh: readonly Positioned[],
    sessionKey: OrderKey,
  ): Promise<number> {
    const rows = fresh.map(({ facts }) =>
      toRow(firstSighting(facts, orderKey(facts, sessionKey)), organizationId),
    );
    return rows.length === 0 ? 0 : await insertRows(transaction, messages, rows, "keep");
  }

  private async mergeInto(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    known: ReadonlyMap<string, KnownMessage>,
    freshIds: ReadonlySet<string>,
    sessionKey: OrderKey,
  ): Promise<{ readonly changed: boolean; readonly rewritten: readonly MessageTexts[] }> {
    let changed = false;
    const rewritten: MessageTexts[] = [];
    const changedRows: MessageRow[] = [];
    for (const facts of snapshot.messages) {
      const row = known.get(facts.id);
      if (!row) continue;
      const before = toMerged(row);
      const after = merge(before, facts, orderKey(facts, sessionKey));
      changed ||= after.changed.length > 0;
      // A fresh one may be our own insert or another session's, one cannot tell; its words are kept in either case.
      const isRewritten = after.changed.includes("body") || after.changed.includes("translatedBody");
      if (isRewritten || freshIds.has(facts.id)) rewritten.push(after.fields);
      const next = toRow(after, row.organizationId);
      // A repeated value can have a newer key than before, and that decides what may overwrite it later.
      const isSettled = after.changed.length === 0 && next.source === row.source && next.older === row.older;
      if (!isSettled) changedRows.push(next);
    }
    await writeChanged(transaction, changedRows, known);
    return { changed, rewritten };
  }

  private async join(
    transaction: Transaction,
    sessionId: string,
    incoming: readonly Positioned[],
    known: ReadonlyMap<string, KnownMessage>,
  ): Promise<number> {
    const rows = [];
    for (const { facts, position } of incoming) {
      const earlier = known.get(facts.id)?.position ?? null;
      if (earlier === null) rows.push({ sessionId, messageId: facts.id, position });
      else if (position < earlier)
        await updateRow(transaction, sessionMessages, { sessionId, messageId: facts.id }, { position });
    }
    await insertRowsLater(transaction, sessionMessages, rows);
    return rows.length;
  }
}

interface Positioned {
  readonly facts: MessageFacts;
  readonly position: number;
}

/** Rows of which only the order key moved on (an event repeated what is known) share one narrow UPDATE. */
async function writeChanged(
  transaction: Transaction,
  rows: readonly MessageRow[],
  known: ReadonlyMap<string, KnownMessage>,
): Promise<void> {
  const touched: MessageRow[] = [];
  const rewritten: MessageRow[] = [];
  for (const row of rows) {
    const before = known.get(row.id);
    const sameButForKey = before && columns.every((name) => name === "source" || row[name] === before[name]);
    (sameButForKey ? touched : rewritten).push(row);
  }
  const byId = (a: MessageRow, b: MessageRow) => (a.id < b.id ? -1 : 1);
  touched.sort(byId);
  rewritten.sort(byId);
  for (let start = 0; start < touched.length; start += idsPerStatement) {
    const slice = touched.slice(start, start + idsPerStatement);
    const cases = slice.map(() => "WHEN ? THEN ?").join(" ");
    await transaction.later(
      `UPDATE messages SET source = CASE id ${cases} ELSE source END WHERE id IN (${placeholders(slice)})`,
      [...slice.flatMap(({ id, source }) => [id, source]), ...slice.map(({ id }) => id)],
    );
  }
  if (rewritten.length > 0) {
    const overwrite = columns.filter((name) => name !== "id" && name !== "organizationId");
    await insertRowsLater(transaction, messages, rewritten, { overwrite });
  }
}

function orderKey(facts: MessageFacts, sessionKey: OrderKey): OrderKey {
  return messageOrderKey(facts.updatedAt === null ? null : toDatetime(facts.updatedAt), sessionKey);
}

const factNames = [
  "id",
  "conversationId",
  "body",
  "translatedBody",
  "direction",
  "type",
  "mode",
  "deliveryStatus",
  "fromAddress",
  "toAddress",
  "language",
  "translationLanguage",
  "contactId",
  "channelId",
  "campaignId",
  "campaignContactId",
  "sequenceId",
  "stepId",
  "stepContactId",
  "userId",
  "attachments",
  "metadata",
] as const satisfies readonly (keyof MessageFacts)[];

const columns: readonly (keyof MessageRow)[] = [
  ...factNames,
  "organizationId",
  "createdAt",
  "createdAtDecimals",
  "updatedAt",
  "updatedAtDecimals",
  "source",
  "older",
];

function toMerged(row: MessageRow): Merged<MessageFacts> {
  const facts = Object.fromEntries(factNames.map((name) => [name, row[name]])) as unknown as MessageFacts;
  return {
    fields: {
      ...facts,
      createdAt: row.createdAt === null ? null : fromDatetime(row.createdAt, row.createdAtDecimals ?? 6),
      updatedAt: row.updatedAt === null ? null : fromDatetime(row.updatedAt, row.updatedAtDecimals ?? 6),
    },
    source: row.source,
    older: row.older === null ? {} : (JSON.parse(row.older) as Merged<MessageFacts>["older"]),
  };
}

function toRow({ fields, source, older }: Merged<MessageFacts>, organizationId: string): MessageRow {
  return {
    ...fields,
    organizationId,
    createdAt: fields.createdAt === null ? null : toDatetime(fields.createdAt),
    createdAtDecimals: fields.createdAt === null ? null : decimalsOf(fields.createdAt),
    updatedAt: fields.updatedAt === null ? null : toDatetime(fields.updatedAt),
    updatedAtDecimals: fields.updatedAt === null ? null : decimalsOf(fields.updatedAt),
    source,
    older: Object.keys(older).length === 0 ? null : JSON.stringify(older),
  };
}
