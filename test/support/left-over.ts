/** How to stop each service that this process started and that runs still. */
const running = new Set<() => Promise<void>>();

/** @returns what to call once it is stopped */
export function runs(stop: () => Promise<void>): () => void {
  running.add(stop);
  return () => running.delete(stop);
}

/**
 * Stops what failed tests left running. Test files share a process, and what goes on behind them would fail
 * in others: a service whose database is gone, and spies that count its statements, too.
 */
export async function stopLeftOver(): Promise<void> {
  const stops = [...running];
  running.clear();
  await Promise.allSettled(stops.map((stop) => stop()));
}
