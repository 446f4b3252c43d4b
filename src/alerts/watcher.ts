import { UnavailableError } from "../errors.js";
import { isSamePlace, toPlace } from "../events/feed-place.js";
import type { Logger } from "../logger.js";
import type { AlertMetrics } from "../metrics/alert.metrics.js";
import type { AlertRuleRow } from "../model/alert.js";
import { datetimeAfter, toDatetime } from "../model/instant.js";
import { PeriodicTask } from "../periodic-task.js";
import { type Advance, AlertOutbox } from "../store/alert-outbox.js";
import { AlertRules } from "../store/alert-rules.js";
import type { Database } from "../store/database.js";
import { isOutOfTime } from "../store/database-errors.js";
import { FeedReader } from "../store/readers/feed.reader.js";
import { definitionOf, type StatisticDefinition } from "./definition.js";
import { RuleFollower } from "./follow.js";
import { judge } from "./judge.js";

/** How often it is looked for what is new: the delay of an alarm. */
const lookMilliseconds = 1_000;
const judgeMilliseconds = 60_000;
const pruneMilliseconds = 600_000;
/** Pages of the feed that one look takes of each rule. */
const pagesAtOnce = 10;
/** From here on a rule waits, and the feed is its queue. */
const mostWaiting = 1_000;
/** A rule that fails for a reason of its own, such as a filter that takes too long, is left for so long. */
const restMilliseconds = 600_000;

/** What the watcher is made of. */
export interface AlertWatcherParts {
  readonly database: Database;
  readonly metrics: AlertMetrics;
  /** Told after each commit that put down a message. */
  readonly onAdded: () => void;
  readonly logger: Logger;
  readonly clock?: (() => number) | undefined;
}

/**
 * Puts down what rules have to tell. Any number of instances may watch: a rule's place and its messages are
 * written together, by the one that finds the place as it read it. It reads on the service's own connections,
 * one statement at a time, and every look is bounded.
 */
export class AlertWatcher {
  private readonly rules: AlertRules;
  private readonly outbox: AlertOutbox;
  private readonly follower: RuleFollower;
  /** Until when a rule is left alone. */
  private readonly resting = new Map<string, number>();
  private prunedAt = -Infinity;
  private readonly task: PeriodicTask;

  constructor(private readonly parts: AlertWatcherParts) {
    this.rules = new AlertRules(parts.database);
    this.outbox = new AlertOutbox(parts.database);
    this.follower = new RuleFollower(parts.database);
    this.task = new PeriodicTask(() => this.look(), {
      everyMilliseconds: lookMilliseconds,
      logger: parts.logger,
      failure: "what alarms have to tell could not be looked for; trying again",
    });
  }

  start(): void {
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
  }

  /** All that is new now, as far as one look goes. */
  async look(): Promise<void> {
    let rules = await this.rules.list();
    if (rules.length === 0) return;
    for (let pages = 0; pages < pagesAtOnce && (await this.follow(rules)); pages += 1)
      rules = await this.rules.list();
    for (const rule of rules) {
      const definition = definitionOf(rule);
      if (definition.kind === "statistic") await this.aside(rule, () => this.judge(rule, definition));
    }
    await this.prune(rules);
  }

  private get now(): number {
    return (this.parts.clock ?? Date.now)();
  }

  private get at(): string {
    return toDatetime(new Date(this.now).toISOString());
  }

  /** One page of the feed for each rule. @returns whether a rule has moved */
  private async follow(rules: readonly AlertRuleRow[]): Promise<boolean> {
    const following = rules.filter((rule) => definitionOf(rule).kind !== "statistic");
    if (following.length === 0) return false;
    const head = await new FeedReader(this.parts.database).head();
    const advances: Advance[] = [];
    for (const rule of following) {
      if (isSamePlace(toPlace(rule), head)) continue;
      const advance = await this.aside(rule, async () =>
        (await this.hasRoom(rule)) ? await this.follower.next(rule) : undefined,
      );
      if (advance === undefined) continue;
      advances.push(advance);
      if (advance.isGap) this.tellGap(rule);
    }
    this.tellAdded(await this.outbox.advance(advances, this.at));
    return advances.length > 0;
  }

  private async judge(rule: AlertRuleRow, definition: StatisticDefinition): Promise<void> {
    const { at } = this;
    const due = datetimeAfter(at, -judgeMilliseconds);
    if (rule.judgedAt !== null && rule.judgedAt > due) return;
    if (!(await this.hasRoom(rule)) || !(await this.outbox.claimJudgement(rule.id, at, due))) return;
    // What it was before is read after the claim: nobody else changes it from now on.
    const claimed = await this.rules.byId(rule.id);
    if (claimed === undefined) return;
    const before = JSON.parse(claimed.crossed) as readonly string[];
    const { crossed, messages } = await judge(this.parts.database, claimed, definition, before, at);
    if (messages.length === 0) return;
    this.tellAdded(await this.outbox.keepJudgement(rule.id, at, JSON.stringify(crossed), messages));
  }

  private async hasRoom({ id }: AlertRuleRow): Promise<boolean> {
    return (await this.outbox.waiting(id)) < mostWaiting;
  }

  /** A rule that fails for its own reasons takes no other one with it. */
  private async aside<Result>(rule: AlertRuleRow, work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.task.isStopped || (this.resting.get(rule.id) ?? 0) > this.now) return undefined;
    try {
      return await work();
    } catch (err) {
      if (err instanceof UnavailableError && !isOutOfTime(err.cause)) throw err;
      this.parts.logger.error({ err, ruleId: rule.id }, "an alarm's rule fails; it is left for ten minutes");
      this.resting.set(rule.id, this.now + restMilliseconds);
      await this.outbox.note(rule.id, err instanceof UnavailableError ? "filter takes too long" : "not read");
      return undefined;
    }
  }

  private tellAdded(added: number): void {
    if (added > 0) this.parts.onAdded();
  }

  private tellGap({ id }: AlertRuleRow): void {
    this.parts.metrics.gaps += 1;
    this.parts.logger.warn(
      { ruleId: id },
      "the feed does not go on from an alarm's place, as after the restoring of a backup: it goes on at the end",
    );
  }

  private async prune(rules: readonly AlertRuleRow[]): Promise<void> {
    const begun = this.now;
    if (begun - this.prunedAt < pruneMilliseconds) return;
    this.prunedAt = begun;
    for (const { id } of rules) {
      const dropped = await this.outbox.prune(id, this.at);
      this.parts.metrics.counts.dropped += dropped;
      if (dropped > 0)
        this.parts.logger.warn({ ruleId: id, dropped }, "messages that were parked are dropped");
    }
  }
}
