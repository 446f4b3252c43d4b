/** How many tasks run at once, and how many of one tenant's among them. */
export interface TurnLimits {
  readonly atOnce: number;
  readonly ofOneTenant: number;
}

/**
 * Lets a bounded number of tasks run at once, and fewer of one tenant's, so that nobody takes all; the others
 * wait in order.
 */
export class Turns {
  private running = 0;
  private readonly runningOf = new Map<string, number>();
  private readonly waiting: { readonly tenant: string; readonly start: () => void }[] = [];

  constructor(private readonly limits: TurnLimits) {}

  async take<Result>(tenant: string, task: () => Promise<Result>): Promise<Result> {
    if (this.hasRoom(tenant)) this.count(tenant, 1);
    else
      await new Promise<void>((start) => {
        this.waiting.push({ tenant, start });
      });
    try {
      return await task();
    } finally {
      this.count(tenant, -1);
      this.startNext();
    }
  }

  private hasRoom(tenant: string): boolean {
    const { atOnce, ofOneTenant } = this.limits;
    return this.running < atOnce && (this.runningOf.get(tenant) ?? 0) < ofOneTenant;
  }

  private count(tenant: string, change: 1 | -1): void {
    this.running += change;
    const running = (this.runningOf.get(tenant) ?? 0) + change;
    if (running === 0) this.runningOf.delete(tenant);
    else this.runningOf.set(tenant, running);
  }

  private startNext(): void {
    const index = this.waiting.findIndex(({ tenant }) => this.hasRoom(tenant));
    const [next] = index === -1 ? [] : this.waiting.splice(index, 1);
    if (next === undefined) return;
    this.count(next.tenant, 1);
    next.start();
  }
}
