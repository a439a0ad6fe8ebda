/**
 * The same items until the signal is aborted; then it ends in order, also while an item is waited for. For sources that
 * nothing else ends, such as a microphone on stdin.
 */
export async function* untilAborted<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void> {
  const iterator = source[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>(resolve => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    for (;;) {
      const next = iterator.next();
      next.catch(() => undefined); // it has no other handler after the abort
      const result = await Promise.race([aborted, next]);
      if (result === undefined || result.done) return;
      yield result.value;
    }
  } finally {
    // Not awaited: a generator that waits for its source would keep the end waiting as well.
    void iterator.return?.()?.catch(() => undefined);
  }
}
