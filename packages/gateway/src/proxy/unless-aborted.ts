/** The promise, or the reason of the signal if that is first; then what still comes of the promise goes to `onLate`. */
export function unlessAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
  onLate: (value: Value) => void = () => {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("given up"));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    const settle = (): void => signal.removeEventListener("abort", abort);
    promise.then(
      (value) => {
        settle();
        if (signal.aborted) onLate(value);
        else resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
