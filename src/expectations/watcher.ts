import { ExpectationKind } from "../model/expectation.js";
import { datetimeAfter, millisecondsBetween, toDatetime } from "../model/instant.js";
import { SessionStatus, statuses } from "../model/session.js";
import type { Logger } from "../logger.js";
import { PeriodicTask } from "../periodic-task.js";
import type { Database } from "../store/database.js";
import { DeliveryHours, type LastDelivery } from "../store/expectations/delivery-hours.js";
import { Habits, type VersionAnswers } from "../store/expectations/habits.js";
import { ExpectationWriter, type Verdict, type WaitingSession } from "../store/writers/expectation.writer.js";
import type { FeedWriter } from "../store/writers/feed.writer.js";
import { learnWaits, type SetWaits, type Waits } from "./patience.js";
import { hourMilliseconds, hourOf, isSilent, startOf, weeksBack } from "./silence.js";

/** How often it is looked for sessions that are due: the delay of an alarm. */
const lookMilliseconds = 1_000;
const countMilliseconds = 10_000;
const silenceMilliseconds = 300_000;
const learnMilliseconds = 3_600_000;
/** When it is tried again what failed for an organization. */
const retryMilliseconds = 300_000;
/** Sessions of one look, and of one transaction: few enough that events hardly wait for their locks. */
const sessionsAtOnce = 200;
const lockedAtOnce = 20;
/** Sessions that have not changed for so long beyond their time are told by nobody: of an old backup, say. */
const forgottenMilliseconds = 30 * 24 * hourMilliseconds;
const habitMilliseconds = weeksBack * 7 * 24 * hourMilliseconds;
/** Sessions of an agent version that a question must go without an answer. */
const leastSessions = 50;
const closedAtOnce = 500;

/** What the watcher is made of. */
export interface WatcherParts {
  readonly database: Database;
  readonly feed: FeedWriter;
  readonly set: SetWaits;
  /** Told after each commit that opened something. */
  readonly onOpened: () => void;
  readonly logger: Logger;
  readonly clock?: () => number;
}

/**
 * Watches for what should have come and has not. Any number of instances may watch: what is missing has one
 * row, and whoever inserts it tells of it. It reads on the service's own connections, one statement at a
 * time, and every look is bounded.
 */
export class ExpectationWatcher {
  private readonly habits: Habits;
  private readonly hours: DeliveryHours;
  private readonly writer: ExpectationWriter;
  private readonly waits = new Map<string, Waits>();
  private readonly dueAt = new Map<string, number>();
  private readonly task: PeriodicTask;

  constructor(private readonly parts: WatcherParts) {
    this.habits = new Habits(parts.database);
    this.hours = new DeliveryHours(parts.database);
    this.writer = new ExpectationWriter(parts.database, parts.feed);
    this.task = new PeriodicTask(() => this.look(), {
      everyMilliseconds: lookMilliseconds,
      logger: parts.logger,
      failure: "what is overdue could not be looked for; trying again",
    });
  }

  start(): void {
    this.task.start();
  }

  async stop(): Promise<void> {
    await this.task.stop();
  }

  /** All that is due now. Sessions come after what is usual of them is known. */
  async look(): Promise<void> {
    await this.every("count", countMilliseconds, () => this.count());
    await this.every("learn", learnMilliseconds, () => this.learn());
    await this.lookAtSessions();
    await this.every("silence", silenceMilliseconds, () =>
      this.ofEach((delivery) => this.lookForSilence(delivery)),
    );
  }

  private get now(): number {
    return (this.parts.clock ?? Date.now)();
  }

  /**
   * What fails is tried again at the next look.
   * @param work resolves with whether it was done for all organizations
   */
  private async every(name: string, milliseconds: number, work: () => Promise<boolean>): Promise<void> {
    const begun = this.now;
    if (this.task.isStopped || begun < (this.dueAt.get(name) ?? -Infinity)) return;
    const isWhole = await work();
    this.dueAt.set(name, begun + (isWhole ? milliseconds : Math.min(milliseconds, retryMilliseconds)));
  }

  /**
   * Works for each organization: the trouble of one is not that of the others.
   * @returns whether there was none
   */
  private async ofEach(work: (delivery: LastDelivery) => Promise<void>): Promise<boolean> {
    let isWhole = true;
    for (const delivery of await this.hours.lastOfEach()) {
      if (this.task.isStopped) break;
      try {
        await work(delivery);
      } catch (err) {
        isWhole = false;
        const { organizationId } = delivery;
        this.parts.logger.warn(
          { err, organizationId },
          "what an organization misses could not be looked for",
        );
      }
    }
    return isWhole;
  }

  private tell(opened: number): void {
    if (opened > 0) this.parts.onOpened();
  }

  private async count(): Promise<boolean> {
    while (!this.task.isStopped && (await this.hours.countOn(datetime(this.now))));
    return true;
  }

  private async lookAtSessions(): Promise<void> {
    for (let found = sessionsAtOnce; found === sessionsAtOnce && !this.task.isStopped;) {
      const at = datetime(this.now);
      const rows = await this.parts.database.read<{ id: string }>(
        `SELECT id FROM sessions WHERE look_at <= ? ORDER BY look_at LIMIT ${sessionsAtOnce}`,
        [at],
      );
      found = rows.length;
      for (let start = 0; start < found; start += lockedAtOnce) {
        const ids = rows.slice(start, start + lockedAtOnce).map(({ id }) => id);
        this.tell(await this.writer.judge(ids, at, (session) => this.verdictOn(session, at)));
      }
    }
  }

  private verdictOn({ status, changedAt, organizationId }: WaitingSession, at: string): Verdict {
    const { end, analysis } = this.waits.get(organizationId) ?? learnWaits(nothingKnown, this.parts.set);
    const reached = statuses[status - 1];
    if (reached === SessionStatus.ANALYZED) return { kind: "leave" };
    const dueAt = datetimeAfter(changedAt, reached === SessionStatus.ENDED ? analysis : end);
    if (dueAt > at) return { kind: "wait", lookAt: dueAt };
    const isForgotten = millisecondsBetween(dueAt, at) > forgottenMilliseconds;
    return isForgotten ? { kind: "leave" } : { kind: "overdue", dueAt };
  }

  private async lookForSilence({ organizationId, hour }: LastDelivery): Promise<void> {
    const { now } = this;
    if (hour >= hourOf(now - hourMilliseconds)) return;
    const back = startOf(hour) - habitMilliseconds;
    const hours = await this.hours.since(organizationId, hourOf(back));
    const last = hours.at(-1);
    const counts = new Map(hours.map(({ hour: each, count }) => [each, count]));
    if (last === undefined || !isSilent(counts, last.hour, now)) return;
    const [session] = await this.parts.database.read<{ agentVersionId: string }>(
      "SELECT agent_version_id AS agentVersionId FROM sessions WHERE id = ?",
      [last.lastSessionId],
    );
    if (session === undefined) return;
    const silence = {
      kind: ExpectationKind.DELIVERY,
      subject: `${organizationId} ${last.lastAt}`,
      organizationId,
      sessionId: last.lastSessionId,
      agentVersionId: session.agentVersionId,
      question: null,
      since: last.lastAt,
      dueAt: datetime(startOf(hourOf(now))),
    };
    this.tell(await this.writer.open([silence], datetime(now)));
  }

  /** What is usual of each organization, and which questions nobody answers. */
  private async learn(): Promise<boolean> {
    await this.writer.close(await this.habits.metUnnoticed(closedAtOnce), datetime(this.now));
    return await this.ofEach(async ({ organizationId }) => {
      const sample = await this.habits.sample(organizationId, datetime(this.now - habitMilliseconds));
      this.waits.set(organizationId, learnWaits(await this.habits.delays(sample), this.parts.set));
      await this.lookForAnswers(organizationId, await this.habits.answers(sample, leastSessions));
      const old = this.now - habitMilliseconds - 7 * 24 * hourMilliseconds;
      await this.hours.forget(organizationId, hourOf(old));
    });
  }

  private async lookForAnswers(organizationId: string, versions: readonly VersionAnswers[]): Promise<void> {
    const at = datetime(this.now);
    const missing = versions.flatMap(({ agentVersionId, newest, questions, answered }) =>
      questions
        .filter((question) => !answered.has(question.trimEnd()))
        .map((question) => ({
          kind: ExpectationKind.ANSWER,
          subject: `${agentVersionId} ${question}`,
          organizationId,
          sessionId: newest.id,
          agentVersionId,
          question,
          since: newest.receivedAt,
          dueAt: at,
        })),
    );
    this.tell(await this.writer.open(missing, at));
    const known = new Map(versions.map((version) => [version.agentVersionId, version]));
    const open = await this.habits.openQuestions(organizationId);
    const settled = open.filter(({ agentVersionId, question }) => {
      const version = known.get(agentVersionId);
      if (version === undefined) return false;
      return version.answered.has(question.trimEnd()) || !version.questions.includes(question);
    });
    await this.writer.close(
      settled.map(({ id }) => id),
      at,
    );
  }
}

const nothingKnown = { ends: [], analyses: [] };

function datetime(time: number): string {
  return toDatetime(new Date(time).toISOString());
}
