import { LRUCache } from "lru-cache";
import { RateLimitedError, UnavailableError } from "../../errors.js";

/** A bound that several tasks share: at most so many of those with the same key run at once. */
export interface Bound {
  readonly key: string;
  readonly most: number;
}

/** In whose line a task waits, and which bounds it takes room of; tasks of one line have the same bounds. */
export interface Place {
  readonly line: string;
  readonly bounds: readonly Bound[];
  /** The same bounds, wider: they hold while all tasks of this line, and of those that wait, are quick. */
  readonly whenQuick?: readonly Bound[];
  /** Whether several callers stand in the line: where it is full, none of them has asked for too much. */
  readonly isShared?: boolean;
}

/** Others took all of the time that a task could wait; it was not run. */
export class NotItsTurnError extends UnavailableError {
  constructor() {
    super("Other reads kept the database from answering this one in time.", undefined, 5, "turn");
  }
}

const retryAfterSeconds = 5;

function lineFull(): RateLimitedError {
  const message = "Too many requests with this key are waiting for the database.";
  return new RateLimitedError(message, retryAfterSeconds, "waiting_statements");
}

function sharedLineFull(): UnavailableError {
  const message = "Too many reads are waiting for the database.";
  return new UnavailableError(message, undefined, retryAfterSeconds, "waiting_statements");
}

/** How long a quick task takes at the most, in milliseconds. */
const quickTime = 50;
/** So many tasks of a line, one after the other, show that it is quick. */
const quickOnesAsked = 100;
const mostPacesKnown = 10_000;

/** How long the tasks of a line take. */
class Pace {
  /** When those began that run, the oldest first. */
  private readonly running = new Set<{ readonly begun: number }>();
  /** Those that ended since one was not quick. */
  private quickOnes = 0;

  get isQuick(): boolean {
    if (this.quickOnes < quickOnesAsked) return false;
    for (const { begun } of this.running) return performance.now() - begun <= quickTime;
    return true;
  }

  /** @returns what to call when the task has ended */
  begin(): () => void {
    const task = { begun: performance.now() };
    this.running.add(task);
    return () => {
      this.running.delete(task);
      this.quickOnes = performance.now() - task.begun <= quickTime ? this.quickOnes + 1 : 0;
    };
  }
}

interface Waiting {
  readonly place: Place;
  readonly start: () => void;
}

/**
 * Lets a bounded number of tasks run at once. Those that wait stand in a line for each caller, and the lines
 * take turns, so whoever asks for much waits for itself, not for others.
 */
export class FairQueue {
  private readonly running = new Map<string, number>();
  /** In the order in which they have their turns. */
  private readonly lines = new Map<string, Waiting[]>();
  /** By line. */
  private readonly paces = new LRUCache<string, Pace>({ max: mostPacesKnown });

  /** @param mostWaiting tasks that may wait in one line */
  constructor(private readonly mostWaiting: number) {}

  /** Tasks that wait for their turn. */
  get waiting(): number {
    let count = 0;
    for (const tasks of this.lines.values()) count += tasks.length;
    return count;
  }

  /**
   * Runs a task when it is its turn.
   * @throws RateLimitedError where the line is full, or UnavailableError where that line is shared
   * @throws NotItsTurnError where its turn has not come after so many milliseconds
   */
  async run<Result>(place: Place, task: () => Promise<Result>, milliseconds: number): Promise<Result> {
    const { line, bounds, isShared = false } = place;
    const ahead = this.lines.get(line)?.length ?? 0;
    if (ahead >= this.mostWaiting) throw isShared ? sharedLineFull() : lineFull();
    if (ahead === 0 && this.hasRoom(place)) this.count(bounds, 1);
    else await this.turn(place, milliseconds);
    const end = this.paceOf(line).begin();
    try {
      return await task();
    } finally {
      end();
      this.count(bounds, -1);
      this.startWaiting();
    }
  }

  /** Waits for the task's turn. When it comes, its room is taken already. */
  private async turn(place: Place, milliseconds: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.leave(waiting);
        reject(new NotItsTurnError());
      }, milliseconds);
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      const waiting: Waiting = { place, start };
      const others = this.lines.get(place.line);
      if (others === undefined) this.lines.set(place.line, [waiting]);
      else others.push(waiting);
    });
  }

  private leave(waiting: Waiting): void {
    const { line } = waiting.place;
    const left = (this.lines.get(line) ?? []).filter((other) => other !== waiting);
    if (left.length === 0) this.lines.delete(line);
    else this.lines.set(line, left);
  }

  /** Each line that has room starts one task and goes to the end, until none has room. */
  private startWaiting(): void {
    for (const [line, tasks] of this.lines) {
      const [next] = tasks;
      if (next === undefined || !this.hasRoom(next.place)) continue;
      tasks.shift();
      this.lines.delete(line);
      // A line that is added again comes once more in this iteration.
      if (tasks.length > 0) this.lines.set(line, tasks);
      this.count(next.place.bounds, 1);
      next.start();
    }
  }

  private hasRoom({ line, bounds, whenQuick }: Place): boolean {
    if (this.isBelow(bounds)) return true;
    return whenQuick !== undefined && this.isBelow(whenQuick) && this.paceOf(line).isQuick && this.areQuick();
  }

  /** Whoever waits and is not quick has no room beside those who take more than their share. */
  private areQuick(): boolean {
    for (const line of this.lines.keys()) if (!this.paceOf(line).isQuick) return false;
    return true;
  }

  private isBelow(bounds: readonly Bound[]): boolean {
    return bounds.every(({ key, most }) => (this.running.get(key) ?? 0) < most);
  }

  private count(bounds: readonly Bound[], change: 1 | -1): void {
    for (const { key } of bounds) {
      const running = (this.running.get(key) ?? 0) + change;
      if (running === 0) this.running.delete(key);
      else this.running.set(key, running);
    }
  }

  private paceOf(line: string): Pace {
    const known = this.paces.get(line) ?? new Pace();
    this.paces.set(line, known);
    return known;
  }
}
