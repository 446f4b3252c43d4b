import { v7 as uuidv7 } from "uuid";
import { now, toDatetime } from "../model/instant.js";
import type { Logger } from "../logger.js";
import type { Database } from "./database.js";
import { insertRows } from "./sql/statements.js";
import { type AuditLogRow } from "../model/bookkeeping.js";
import { auditLog } from "./sql/tables.js";

/** What is noted of one act. */
export interface AuditEntry {
  readonly caller: string;
  readonly role: string;
  readonly action: "read" | "erase" | "retain";
  readonly operation: string;
  readonly count: number;
  readonly ids: readonly string[];
}

const writeMilliseconds = 1_000;
/**
 * More than this much waiting (the database is away, say) is dropped, and said so: the service must not die
 * of its log.
 */
const mostWaiting = 50_000;
const mostIds = 50;

/**
 * Who read or erased what, and when. Requests do not wait for it: entries are written together, once a second
 * and at the end, so a crash may lose the last second's, and those that wait for a database that is away.
 */
export class AuditLog {
  private waiting: AuditLogRow[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  note({ caller, operation, ids, ...entry }: AuditEntry): void {
    if (this.waiting.length >= mostWaiting) {
      this.logger.error("the audit log cannot be written fast enough: an entry is lost");
      return;
    }
    this.waiting.push({
      ...entry,
      id: uuidv7(),
      at: toDatetime(now()),
      caller: caller.slice(0, 255),
      operation: operation.slice(0, 500),
      ids: JSON.stringify(ids.slice(0, mostIds)),
    });
    this.writeSoon();
  }

  /** Writes what is waiting. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.write();
    await this.writing;
    const entries = this.waiting.length;
    if (entries > 0) this.logger.error({ entries }, "the audit log's last entries are lost");
  }

  private writeSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.write();
    }, writeMilliseconds);
  }

  private write(): void {
    this.writing = this.writing.then(async () => {
      const rows = this.waiting;
      this.waiting = [];
      if (rows.length === 0) return;
      try {
        // After a failure nobody knows whether they were stored.
        await this.database.transaction((transaction) => insertRows(transaction, auditLog, rows, "keep"));
      } catch (err) {
        this.logger.error({ err, entries: rows.length }, "the audit log could not be written");
        this.waiting.unshift(...rows);
        if (!this.isStopped) this.writeSoon();
      }
    });
  }
}
