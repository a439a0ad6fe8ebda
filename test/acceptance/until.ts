import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks again and again until there is something to see.
 *
 * @throws the signal's reason when that ends it first
 */
export async function until<T>(look: () => Promise<T | undefined | false>, pollMs: number, abortSignal: AbortSignal) {
  for (;;) {
    abortSignal.throwIfAborted();
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    await sleep(pollMs, undefined, { signal: abortSignal }).catch(() => undefined); // thrown above, with its reason
  }
}
