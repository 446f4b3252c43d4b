/**
 * The compiler takes for granted that what a property said once, it says after an `await`; a function may
 * not.
 */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
