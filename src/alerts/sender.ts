import { UnavailableError } from "../errors.js";
import type { Logger } from "../logger.js";
import type { AlertMetrics } from "../metrics/alert.metrics.js";
import type { AlertMessageRow, AlertRuleRow } from "../model/alert.js";
import { toDatetime } from "../model/instant.js";
import { AlertOutbox } from "../store/alert-outbox.js";
import { AlertRules } from "../store/alert-rules.js";
import type { Database } from "../store/database.js";
import { MessageWriter } from "./message.js";
import { type Outcome, post } from "./post.js";
import type { Targets } from "./targets.js";

/** How often it is looked for what is to be tried again, or comes of another instance. */
const lookMilliseconds = 1_000;
/** Rules that are sent for at once, and of those whose last attempt failed: they may hang again. */
const rulesAtOnce = 8;
const failingAtOnce = 6;
/** Messages of a rule that are sent before others have their turn. */
const messagesAtOnce = 50;
/**
 * How long a rule is one instance's: another one goes on that much later where the instance has died. No
 * attempt begins where less than it may take is left.
 */
const leaseMilliseconds = 60_000;
const attemptMilliseconds = 25_000;
/** After so many failures the last one counts for all further. */
const delays = [5_000, 30_000, 120_000, 300_000, 900_000, 3_600_000] as const;
/** Receivers that failed together are not tried together. */
const jitter = 0.2;

/** What the sender is made of. */
export interface AlertSenderParts {
  readonly database: Database;
  readonly targets: Targets;
  readonly metrics: AlertMetrics;
  /** Told of each message with personal data that a receiver may have read, each time. */
  readonly onDisclosed: (rule: AlertRuleRow, message: AlertMessageRow) => void;
  readonly logger: Logger;
  readonly clock?: (() => number) | undefined;
}

/**
 * Sends what rules have to tell: of each rule one message after the other, in order, at least once. Any
 * number of instances may send; a lease keeps two of them from one rule. A message is deleted when its
 * receiver has taken it, and tried again later where it has not; after a day it is parked, and the next one
 * has its turn.
 */
export class AlertSender {
  private readonly rules: AlertRules;
  private readonly outbox: AlertOutbox;
  private readonly writer: MessageWriter;
  private readonly sending = new Map<string, Promise<void>>();
  private failing = 0;
  private looking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly stopping = new AbortController();

  constructor(private readonly parts: AlertSenderParts) {
    this.rules = new AlertRules(parts.database);
    this.outbox = new AlertOutbox(parts.database);
    // Another node of a cluster may lack the session yet, which would be told as gone.
    this.writer = new MessageWriter(parts.database.current ?? parts.database);
  }

  start(): void {
    this.timer = setInterval(() => {
      this.nudge();
    }, lookMilliseconds);
    this.nudge();
  }

  /** There may be something to send. */
  nudge(): void {
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
  }

  /** Breaks off what is being sent: its receiver may get it once more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.looking;
    await this.settled();
  }

  /** Begins to send for rules that are due, as far as there is room. */
  async look(): Promise<void> {
    try {
      for (const { id, failures } of await this.outbox.due(this.at())) {
        if (this.isStopped || this.sending.size >= rulesAtOnce) return;
        const isFailing = failures > 0;
        if (this.sending.has(id) || (isFailing && this.failing >= failingAtOnce)) continue;
        this.failing += Number(isFailing);
        const sending = this.sendAll(id).finally(() => {
          this.sending.delete(id);
          this.failing -= Number(isFailing);
        });
        this.sending.set(id, sending);
      }
    } catch (err) {
      this.parts.logger.warn({ err }, "what alarms have to send could not be looked for; trying again");
    }
  }

  /** Until nothing is being sent. */
  async settled(): Promise<void> {
    await Promise.all(this.sending.values());
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private get now(): number {
    return (this.parts.clock ?? Date.now)();
  }

  private at(later = 0): string {
    return toDatetime(new Date(this.now + later).toISOString());
  }

  private async sendAll(ruleId: string): Promise<void> {
    try {
      let lease: string | undefined = this.at(leaseMilliseconds);
      if (!(await this.outbox.lease(ruleId, this.at(), lease))) return;
      for (let sent = 0; sent < messagesAtOnce && !this.isStopped && lease !== undefined; sent += 1) {
        // Read anew: it may have been removed.
        const rule = await this.rules.byId(ruleId);
        const message = await this.outbox.next(ruleId);
        if (rule === undefined || message === undefined) break;
        lease = await this.send(rule, message, lease);
      }
      if (lease !== undefined) await this.outbox.release(ruleId, lease);
    } catch (err) {
      this.parts.logger.warn({ err, ruleId }, "an alarm could not be sent; trying again");
    }
  }

  /** @returns the lease, renewed where it was sent; undefined where it is over */
  private async send(
    rule: AlertRuleRow,
    message: AlertMessageRow,
    lease: string,
  ): Promise<string | undefined> {
    const outcome = await this.attempt(rule, message, lease);
    if (outcome === undefined) return undefined;
    if (outcome.isTaken) return await this.taken(message, lease);
    // Broken off by ourselves: the receiver is not to blame.
    if (this.isStopped) return lease;
    const { id: ruleId, failures } = rule;
    const failed = { message, lease, at: this.at(), error: outcome.note };
    const parked = await this.outbox.failed({ ...failed, nextAt: this.at(delayAfter(failures)) });
    this.parts.metrics.counts.failed += 1;
    this.parts.metrics.counts.parked += parked;
    const { id: messageId } = message;
    this.parts.logger.warn({ ruleId, messageId, note: outcome.note, parked }, "an alarm was not taken");
    return undefined;
  }

  /** @returns undefined where too little of the lease is left */
  private async attempt(
    rule: AlertRuleRow,
    message: AlertMessageRow,
    lease: string,
  ): Promise<Outcome | undefined> {
    let posted;
    try {
      posted = await this.writer.write(rule, message, new Date());
    } catch (err) {
      if (err instanceof UnavailableError) throw err;
      this.parts.logger.error({ err, ruleId: rule.id }, "an alarm could not be written");
      return { isTaken: false, isSent: false, note: "not written" };
    }
    if (this.at(attemptMilliseconds) > lease) return undefined;
    const outcome = await post(rule.url, posted, this.parts.targets, this.stopping.signal);
    if (outcome.isSent && rule.isPersonal === 1) this.parts.onDisclosed(rule, message);
    return outcome;
  }

  private async taken(message: AlertMessageRow, from: string): Promise<string | undefined> {
    this.parts.metrics.counts.sent += 1;
    const to = this.at(leaseMilliseconds);
    return (await this.outbox.sent(message, { from, to }, this.at())) ? to : undefined;
  }
}

function delayAfter(failures: number): number {
  const delay = delays[failures] ?? delays[5];
  return Math.round(delay * (1 + jitter * (2 * Math.random() - 1)));
}
