import { countMessages } from "../../events/message-counts.js";
import {
  firstSighting,
  merge,
  type Merged,
  type OrderKey,
  revisionOrderKey,
  sessionOrderKey,
} from "../../events/merge.js";
import type { SessionSnapshot } from "../../events/session-payload.js";
import type { RevisionFacts } from "../../model/agent-version.js";
import type { SessionFacts } from "../../model/session.js";
import type { ReadTogether, Transaction } from "../sql/transaction.js";
import { insertRowsLater, placeholders, selectList, unpackRows, updateRow } from "../sql/statements.js";
import { agentVersionRevisions } from "../sql/tables.js";
import { datetimeAfter } from "../../model/instant.js";
import { overdueBit, Session, type SessionRow, statuses } from "../../model/session.js";
import { sessions } from "../sql/tables.js";
import { AnalysisWriter } from "./analysis.writer.js";
import { newClusterKey } from "./cluster-key.js";
import { closeOfSession } from "./expectation.writer.js";
import { type EventReceipt, orderOf } from "./event-receipt.js";
import { readListed, refreshOtherSessions } from "./listed-messages.js";
import { MergedRow } from "./merged-row.js";
import { type KnownMessage, type MessagesOutcome, MessageWriter } from "./message.writer.js";
import { NotOfThisOrganizationError } from "./ownership.js";
import { addParties, renewParties } from "./party.writer.js";
import { RevisionWriter } from "./revision.writer.js";
import { keepTerms, searchedOfSession } from "./search.writer.js";

/** Milliseconds after which it is first looked at whether a session's end or analysis is overdue. */
export interface FirstLooks {
  readonly end: number;
  readonly analysis: number;
}

/** No shorter waits are learned: see expectations/patience.ts. */
export const defaultFirstLooks: FirstLooks = { end: 3_600_000, analysis: 60_000 };

/**
 * Projects session events into the tables. All events of one session pass one after the other (its row lock),
 * and locks are taken in one order: revision, session (where it is stored already), messages by id, then rows
 * that only this session's events touch. Where a message reads otherwise that other sessions list too, their
 * locks follow; two events that meet there are told apart as a deadlock, and one of them runs again.
 */
export class SessionWriter {
  readonly revisions = new RevisionWriter();
  private readonly messages = new MessageWriter();
  private readonly analyses = new AnalysisWriter();

  /** @param firstLooks when it is first looked at whether what a session waits for is overdue */
  constructor(private readonly firstLooks: FirstLooks = defaultFirstLooks) {}

  /**
   * @returns whether anything reads otherwise than before; then subscribers are to be told
   * @throws NotUnderstoodError where the session or a message belongs to another organization
   */
  async write(transaction: Transaction, snapshot: SessionSnapshot, receipt: EventReceipt): Promise<boolean> {
    await this.revisions.write(transaction, snapshot.revision, receipt);
    const [known, knownMessages] = await Promise.all([
      this.lock(transaction, snapshot),
      this.messages.load(transaction, snapshot),
      this.revisions.confirm(transaction, snapshot.revision, receipt),
    ]);
    const key = sessionOrderKey(orderOf(receipt));
    if (known === undefined) {
      await this.create(transaction, snapshot, receipt, key, knownMessages);
      return true;
    }
    const messageReceipt = { sessionOrder: key, receivedAt: receipt.receivedAt };
    const messages = await this.messages.write(
      transaction,
      snapshot,
      known.clusterKey,
      messageReceipt,
      knownMessages,
    );
    const isFirst = (known.kindsSeen & receipt.definition.seenBit) === 0;
    const isOther =
      receipt.definition.bringsAnalysis &&
      (await this.analyses.keep(transaction, snapshot, receipt, key, isFirst));
    const hangsOn = { messages, isOtherAnalysis: isOther };
    return await this.mergeInto(transaction, known, snapshot, receipt, key, hangsOn);
  }

  /**
   * Where another event stores the session first, the server refuses ours as a duplicate, and the transaction
   * runs again.
   */
  private async create(
    transaction: Transaction,
    snapshot: SessionSnapshot,
    receipt: EventReceipt,
    key: OrderKey,
    knownMessages: ReadonlyMap<string, KnownMessage>,
  ): Promise<void> {
    const messageReceipt = { sessionOrder: key, receivedAt: receipt.receivedAt };
    const clusterKey = newClusterKey();
    const messages = await this.messages.write(
      transaction,
      snapshot,
      clusterKey,
      messageReceipt,
      knownMessages,
    );
    const row = { ...this.newRow(snapshot, receipt, key, messages), clusterKey };
    await insertRowsLater(transaction, sessions, [row]);
    if (receipt.definition.bringsAnalysis)
      await this.analyses.keep(transaction, snapshot, receipt, key, true);
    await addParties(transaction, row.id, messages);
    await keepTerms(transaction, row, messages.current);
    await refreshOtherSessions(transaction, messages.rewritten, row.id);
    await this.syncAnswers(transaction, row, snapshot.revision, false);
  }

  /** Takes the session's row lock. @returns the row as it is; undefined where there is none */
  private async lock(
    transaction: Transaction,
    { id, organizationId }: SessionSnapshot,
  ): Promise<SessionRow | undefined> {
    const row = await transaction.readTogether(lockSessions, id);
    if (row !== undefined && row.organizationId !== organizationId)
      throw new NotOfThisOrganizationError("data.id");
    return row;
  }

  private async mergeInto(
    transaction: Transaction,
    known: SessionRow,
    snapshot: SessionSnapshot,
    receipt: EventReceipt,
    key: OrderKey,
    { messages, isOtherAnalysis }: { readonly messages: MessagesOutcome; readonly isOtherAnalysis: boolean },
  ): Promise<boolean> {
    const before = merged.fromColumns(known);
    const after = merge(before, snapshot.session, key, merged.newFacts);
    const status = Math.max(known.status, statusOf(receipt));
    const isMet = status > known.status && (known.kindsSeen & overdueBit) !== 0;
    const kindsSeen = (known.kindsSeen | receipt.definition.seenBit) & (isMet ? ~overdueBit : ~0);
    const changed =
      after.changed.length > 0 || messages.changed || isOtherAnalysis || kindsSeen !== known.kindsSeen;
    const messageCount = known.messageCount + messages.joined.length;
    const unnamed =
      messageCount > messages.current.length ? await readListed(transaction, known.id, messages.current) : [];
    const listed = [...messages.current, ...unnamed];
    const isCurrentAnalysis = receipt.definition.bringsAnalysis && key === after.source;
    const changedAt = changed && receipt.receivedAt > known.changedAt ? receipt.receivedAt : known.changedAt;
    const next: SessionRow = {
      ...toColumns(after),
      id: known.id,
      organizationId: known.organizationId,
      clusterKey: known.clusterKey,
      status,
      kindsSeen,
      analyzedAt:
        isCurrentAnalysis && (changed || known.analyzedAt === null) ? receipt.receivedAt : known.analyzedAt,
      messageCount,
      ...countMessages(listed),
      receivedAt: receipt.receivedAt < known.receivedAt ? receipt.receivedAt : known.receivedAt,
      changedAt,
      lookAt: changed ? this.lookAtOf(status, changedAt) : known.lookAt,
      revisionSource: after.source === key ? revisionOrderKey(orderOf(receipt)) : known.revisionSource,
    };
    const changes = Object.fromEntries(
      sessions.properties.filter((name) => next[name] !== known[name]).map((name) => [name, next[name]]),
    );
    if (Object.keys(changes).length > 0) await updateRow(transaction, sessions, { id: known.id }, changes);
    if (isMet) await closeOfSession(transaction, known.id, status);
    if (messages.arePartiesOther) await renewParties(transaction, known.id, listed);
    else if (messages.joined.length > 0) await addParties(transaction, known.id, messages);
    const isRetold = searchedOfSession.some((field) => after.changed.includes(field));
    if (isRetold || messages.joined.length > 0 || messages.rewritten.length > 0)
      await keepTerms(transaction, next, listed);
    await refreshOtherSessions(transaction, messages.rewritten, known.id);
    if (after.changed.includes("customAnalysisData") || after.changed.includes("revisionId")) {
      await this.syncAnswers(transaction, next, snapshot.revision, known.customAnalysisData !== null);
    }
    return changed;
  }

  /** @param status the stored one. @returns null where nothing more is waited for */
  private lookAtOf(status: number, changedAt: string): string | null {
    const wait = [this.firstLooks.end, this.firstLooks.analysis][status - 1];
    return wait === undefined ? null : datetimeAfter(changedAt, wait);
  }

  private newRow(
    snapshot: SessionSnapshot,
    receipt: EventReceipt,
    key: OrderKey,
    { current }: MessagesOutcome,
  ): Omit<SessionRow, "clusterKey"> {
    const status = statusOf(receipt);
    return {
      id: snapshot.id,
      organizationId: snapshot.organizationId,
      ...toColumns(firstSighting(snapshot.session, key, merged.newFacts)),
      status,
      kindsSeen: receipt.definition.seenBit,
      analyzedAt: receipt.definition.bringsAnalysis ? receipt.receivedAt : null,
      messageCount: current.length,
      ...countMessages(current),
      receivedAt: receipt.receivedAt,
      changedAt: receipt.receivedAt,
      lookAt: this.lookAtOf(status, receipt.receivedAt),
      revisionSource: revisionOrderKey(orderOf(receipt)),
    };
  }

  /** The session's current revision need not be the one that this event carried. */
  private async syncAnswers(
    transaction: Transaction,
    row: SessionRow,
    carried: RevisionFacts,
    hadAnswers: boolean,
  ): Promise<void> {
    if (!hadAnswers && row.customAnalysisData === null) return;
    const revision =
      row.revisionId === carried.id ? carried : await loadRevision(transaction, row.revisionId);
    if (revision === undefined) throw new Error("A session points to a revision that is not stored.");
    await this.analyses.replaceAnswers(transaction, { ...row, hadAnswers }, row.customAnalysisData, revision);
  }
}

const lockSessions: ReadTogether<string, SessionRow | undefined> = async (transaction, ids) => {
  const rows = await transaction.query<SessionRow>(
    `SELECT ${selected} FROM sessions s WHERE s.id IN (${placeholders(ids)}) ORDER BY s.id${transaction.dialect.forUpdate}`,
    ids,
  );
  const byId = new Map(unpackRows(sessions, rows).map((row) => [row.id, row]));
  return (id) => byId.get(id);
};

async function loadRevision(transaction: Transaction, id: string): Promise<RevisionFacts | undefined> {
  const [row] = await transaction.query<RevisionFacts>(
    `SELECT ${selectList(agentVersionRevisions, "r", ["id", "providerSettings"])} FROM agent_version_revisions r WHERE r.id = ?`,
    [id],
  );
  return row;
}

/**
 * The stored status that an event brings; of one that says nothing of it the least, because the session has
 * begun.
 */
function statusOf({ definition }: EventReceipt): number {
  return definition.status === null ? 1 : statuses.indexOf(definition.status) + 1;
}

const merged = new MergedRow<SessionFacts>(Session);
const selected = selectList(sessions, "s", sessions.properties);

/** What the merge makes of a session's columns. */
type MergedColumns = SessionFacts &
  Pick<SessionRow, "source" | "older" | "startedAtDecimals" | "endedAtDecimals">;

function toColumns(state: Merged<SessionFacts>): MergedColumns {
  return merged.toColumns(state) as unknown as MergedColumns;
}
