import type { Logger } from "../logger.js";
import type { AlertMetrics } from "../metrics/alert.metrics.js";
import type { AuditLog } from "../store/audit-log.js";
import type { Database } from "../store/database.js";
import { AlertSender } from "./sender.js";
import { Targets } from "./targets.js";
import { AlertWatcher } from "./watcher.js";

/** What alarms are made of. */
interface AlarmParts {
  readonly database: Database;
  /** What receivers may have although it is private: see {@link Targets}. */
  readonly privateTargets: readonly string[];
  readonly audit: AuditLog;
  readonly metrics: AlertMetrics;
  readonly logger: Logger;
}

/** The alarms of an instance: what looks for what rules have to tell, and what sends it. */
export class Alarms {
  private readonly sender: AlertSender;
  private readonly watcher: AlertWatcher;

  constructor({ privateTargets, audit, ...parts }: AlarmParts) {
    this.sender = new AlertSender({
      ...parts,
      targets: new Targets(privateTargets),
      onDisclosed: ({ id, name }, { sessionId }) => {
        const ids = sessionId === null ? [] : [sessionId];
        const reading = { caller: `alert:${id}`, role: "reader", action: "read" } as const;
        audit.note({ ...reading, operation: `alert ${name}`, count: ids.length, ids });
      },
    });
    const onAdded = () => {
      this.sender.nudge();
    };
    this.watcher = new AlertWatcher({ ...parts, onAdded });
  }

  start(): void {
    this.sender.start();
    this.watcher.start();
  }

  async stop(): Promise<void> {
    await this.watcher.stop();
    await this.sender.stop();
  }
}
