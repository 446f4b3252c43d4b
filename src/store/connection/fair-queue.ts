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

interface Waiting {
  readonly bounds: readonly Bound[];
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
  async run<Result>(
    { line, bounds, isShared = false }: Place,
    task: () => Promise<Result>,
    milliseconds: number,
  ): Promise<Result> {
    const ahead = this.lines.get(line)?.length ?? 0;
    if (ahead >= this.mostWaiting) throw isShared ? sharedLineFull() : lineFull();
    if (ahead === 0 && this.hasRoom(bounds)) this.count(bounds, 1);
    else await this.turn(line, bounds, milliseconds);
    try {
      return await task();
    } finally {
      this.count(bounds, -1);
      this.startWaiting();
    }
  }

  /** Waits for the task's turn. When it comes, its room is taken already. */
  private async turn(line: string, bounds: readonly Bound[], milliseconds: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.leave(line, waiting);
        reject(new NotItsTurnError());
      }, milliseconds);
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      const waiting: Waiting = { bounds, start };
      const others = this.lines.get(line);
      if (others === undefined) this.lines.set(line, [waiting]);
      else others.push(waiting);
    });
  }

  private leave(line: string, waiting: Waiting): void {
    const left = (this.lines.get(line) ?? []).filter((other) => other !== waiting);
    if (left.length === 0) this.lines.delete(line);
    else this.lines.set(line, left);
  }

  /** Each line that has room starts one task and goes to the end, until none has room. */
  private startWaiting(): void {
    for (const [line, tasks] of this.lines) {
      const [next] = tasks;
      if (next === undefined || !this.hasRoom(next.bounds)) continue;
      tasks.shift();
      this.lines.delete(line);
      // A line that is added again comes once more in this iteration.
      if (tasks.length > 0) this.lines.set(line, tasks);
      this.count(next.bounds, 1);
      next.start();
    }
  }

  private hasRoom(bounds: readonly Bound[]): boolean {
    return bounds.every(({ key, most }) => (this.running.get(key) ?? 0) < most);
  }

  private count(bounds: readonly Bound[], change: 1 | -1): void {
    for (const { key } of bounds) {
      const running = (this.running.get(key) ?? 0) + change;
      if (running === 0) this.running.delete(key);
      else this.running.set(key, running);
    }
  }
}
