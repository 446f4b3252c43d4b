import { defineTable } from "../table.js";

/** Who read or erased what, and when: names, ids and counts, never contents. */
export interface AuditLogRow {
  /** UUIDv7: rows cluster by time. */
  id: string;
  at: string;
  /** Who: `key:<prefix>`, `jwt:<subject>`, or `command` for what was typed on the machine. */
  caller: string;
  role: string;
  /** What: read (exports and subscriptions too), erase, retain. */
  action: string;
  /** The operation's name and root fields, or the command's name. */
  operation: string;
  /** How many things were read or erased. */
  count: number;
  /** JSON list of the ids concerned, the first 50. */
  ids: string;
}

export const auditLog = defineTable<AuditLogRow>({
  name: "audit_log",
  columns: (types) => ({
    id: types.uuid({ primary: true }),
    at: types.instant(),
    caller: types.text(255),
    role: types.ascii(32),
    action: types.ascii(32),
    operation: types.text(500),
    count: types.integer(),
    ids: types.longText(),
  }),
  indices: [
    { name: "ix_audit_log_caller", columns: ["caller", "id"] },
    // Entries are deleted by age.
    { name: "ix_audit_log_at", columns: ["at"] },
  ],
});
