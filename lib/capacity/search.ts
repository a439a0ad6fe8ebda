/** Which numbers of sessions are tried. */
export interface SearchOptions {
  /** First number. */
  readonly start: number;
  /** Largest number. */
  readonly max: number;
  /** How exact the limit has to be, as a share of it. */
  readonly resolution: number;
}

/**
 * The numbers of sessions to try, each answered with whether it held: doubling until one does not, then halving the gap between the
 * largest that held and the smallest that did not, down to the resolution.
 */
export function* searchSessions({ start, max, resolution }: SearchOptions): Generator<number, void, boolean> {
  let held = 0;
  let broke: number | undefined;
  let next = Math.min(start, max);
  for (;;) {
    if (yield next) held = next;
    else broke = next;
    if (broke === undefined) {
      if (held >= max) return;
      next = Math.min(2 * held, max);
    } else {
      if (broke - held <= Math.max(1, Math.floor(held * resolution))) return;
      next = Math.round((held + broke) / 2);
    }
  }
}

/** Numbers that are given, up to the first that does not hold. */
export function* trySessions(steps: readonly number[]): Generator<number, void, boolean> {
  for (const sessions of steps) {
    if (!(yield sessions)) return;
  }
}
