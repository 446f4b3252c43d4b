import type { RevisionFacts } from "../../events/session-payload.js";
import type { Transaction } from "../database.js";
import { insertRows } from "../statements.js";
import { agentVersionRevisions } from "../tables/agent-version-revisions.table.js";
import { agentVersions } from "../tables/agent-versions.table.js";
import type { EventReceipt } from "./event-receipt.js";

/** Revisions known to be stored; at 64 bytes each some megabytes at the most. */
const rememberedRevisions = 20_000;

/**
 * Keeps each distinct content of an agent version once. Nearly every event carries content that is stored already, and all
 * sessions of an agent share it, so what is known to be committed is remembered and costs no statement (and no lock on a hot row).
 */
export class RevisionWriter {
  private readonly committed = new Set<string>();

  async write(transaction: Transaction, revision: RevisionFacts, receipt: EventReceipt): Promise<void> {
    if (this.committed.has(revision.id)) return;
    const createdAt = receipt.receivedAt;
    const version = { organizationId: revision.organizationId, id: revision.agentVersionId, createdAt };
    await insertRows(transaction, agentVersions, [version], "keep");
    await insertRows(transaction, agentVersionRevisions, [{ ...revision, createdAt }], "keep");
  }

  /** Called after the commit: only then is the revision sure to stay. */
  remember(revision: RevisionFacts): void {
    if (this.committed.size >= rememberedRevisions) this.committed.clear();
    this.committed.add(revision.id);
  }

  /** After rows were deleted by other means (erasure, replay into empty tables). */
  forget(): void {
    this.committed.clear();
  }
}
