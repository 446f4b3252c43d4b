/**
 * Waits for something, until a signal is aborted at the latest. What comes later is ignored.
 * @throws the signal's reason where it is aborted first
 */
export async function untilAborted<Value>(
  value: Value | PromiseLike<Value>,
  signal: AbortSignal,
): Promise<Value> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
