import { useSyncExternalStore } from "react";

/** The board is drawn again at most so often, however many events come. */
const drawMilliseconds = 100;

/** State outside of React, whose changes are drawn together. */
export abstract class Changes<Snapshot> {
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawn: Snapshot | undefined;

  /** What is drawn: the same object until something has changed. */
  protected abstract draw(): Snapshot;

  readonly snapshot = (): Snapshot => (this.drawn ??= this.draw());

  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Something has changed. */
  protected changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.drawn = undefined;
      for (const listener of this.listeners) listener();
    }, drawMilliseconds);
  }
}

/** Renders a component with what such a state holds. */
export function useChanges<Snapshot>(changes: Changes<Snapshot>): Snapshot {
  return useSyncExternalStore(changes.listen, changes.snapshot);
}
