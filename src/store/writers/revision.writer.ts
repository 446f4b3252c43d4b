import { hash } from "node:crypto";
import type { AgentVersionRevisionRow, RevisionFacts } from "../../model/agent-version.js";
import type { ReadTogether, Transaction } from "../sql/transaction.js";
import { insertRows, placeholders } from "../sql/statements.js";
import { agentVersionRevisions, agentVersions } from "../sql/tables.js";
import { changeContentsMark } from "../service-settings.js";
import type { EventReceipt } from "./event-receipt.js";

/** Revisions known to be stored; at 128 bytes each some megabytes at the most. */
const rememberedRevisions = 20_000;

/**
 * Keeps each distinct content of an agent version once. Nearly every event carries content that is stored
 * already, and all sessions of an agent share it, so what was committed is remembered and takes no lock on a
 * hot row. That it is stored still is confirmed by the transaction that relies on it: a restored backup, or a
 * replica that took over, may lack it.
 */
export class RevisionWriter {
  private readonly committed = new Set<string>();
  /** Most come as the very object that was remembered, and need not even be spelled. */
  private readonly remembered = new WeakSet<RevisionFacts>();

  async write(transaction: Transaction, revision: RevisionFacts, receipt: EventReceipt): Promise<void> {
    if (!this.isRemembered(revision)) await this.insert(transaction, revision, receipt);
  }

  /** Asks whether a revision that is remembered is stored, and stores it again where it is not. */
  async confirm(transaction: Transaction, revision: RevisionFacts, receipt: EventReceipt): Promise<void> {
    if (!this.isRemembered(revision)) return;
    const kept = await transaction.readTogether(readRevisions, revision.id);
    if (kept === undefined || receipt.receivedAt < kept.receivedAt)
      await this.insert(transaction, revision, receipt);
    else if (isLess(revision.providerSettings, kept.providerSettings))
      await keepLeastSpelling(transaction, revision);
  }

  private isRemembered(revision: RevisionFacts): boolean {
    return this.remembered.has(revision) || this.committed.has(spelling(revision));
  }

  private async insert(
    transaction: Transaction,
    revision: RevisionFacts,
    receipt: EventReceipt,
  ): Promise<void> {
    const { receivedAt } = receipt;
    const version = { organizationId: revision.organizationId, id: revision.agentVersionId, receivedAt };
    if ((await insertRows(transaction, agentVersions, [version], "keep")) === 0)
      await transaction.later(
        "UPDATE agent_versions SET received_at = ? WHERE organization_id = ? AND id = ? AND received_at > ?",
        [receivedAt, version.organizationId, version.id, receivedAt],
      );
    const inserted = await insertRows(
      transaction,
      agentVersionRevisions,
      [{ ...revision, receivedAt }],
      "keep",
    );
    const isChanged = inserted > 0 || (await keepFirstReceipt(transaction, revision.id, receivedAt)) > 0;
    if (inserted === 0) await keepLeastSpelling(transaction, revision);
    if (isChanged) await changeContentsMark(transaction);
  }

  /** Called after the commit: only then is the revision sure to stay. */
  remember(revision: RevisionFacts): void {
    if (this.remembered.has(revision)) return;
    this.remembered.add(revision);
    if (this.committed.size >= rememberedRevisions) this.committed.clear();
    this.committed.add(spelling(revision));
  }
}

type KeptRevision = Pick<AgentVersionRevisionRow, "id" | "providerSettings" | "receivedAt">;

const readRevisions: ReadTogether<string, KeptRevision | undefined> = async (transaction, keys) => {
  const ids = [...new Set(keys)];
  const rows = await transaction.query<KeptRevision>(
    `SELECT id, provider_settings AS providerSettings, received_at AS receivedAt
     FROM agent_version_revisions WHERE id IN (${placeholders(ids)})`,
    ids,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return (id) => byId.get(id);
};

/**
 * The same content may come with its keys in another order; whichever arrives first, the same text of all is
 * kept.
 */
async function keepLeastSpelling(
  transaction: Transaction,
  { id, providerSettings }: RevisionFacts,
): Promise<void> {
  if (providerSettings === null) return;
  await transaction.execute(
    "UPDATE agent_version_revisions SET provider_settings = ? WHERE id = ? AND provider_settings > ?",
    [providerSettings, id, providerSettings],
  );
}

/**
 * An event may come after one that was received later: it was a dead letter, or is imported.
 * @returns how many rows were received later, 0 or 1
 */
async function keepFirstReceipt(transaction: Transaction, id: string, receivedAt: string): Promise<number> {
  return await transaction.execute(
    "UPDATE agent_version_revisions SET received_at = ? WHERE id = ? AND received_at > ?",
    [receivedAt, id, receivedAt],
  );
}

/** As the database compares them: by code points. */
function isLess(text: string | null, other: string | null): boolean {
  return (
    text !== null &&
    other !== null &&
    text !== other &&
    Buffer.compare(Buffer.from(text), Buffer.from(other)) < 0
  );
}

/** The content's hash is blind to the order of keys, this is not. */
function spelling({ id, providerSettings }: RevisionFacts): string {
  return providerSettings === null ? id : id + hash("sha1", providerSettings, "base64");
}
