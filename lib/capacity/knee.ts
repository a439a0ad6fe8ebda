/** A point of the curve of lag against load. */
export interface LoadPoint {
  readonly sessions: number;
  readonly lagMs: number;
}

/** How much the lag has to rise over the whole curve for it to have a knee at all: below that it is noise. */
const RISE = 2;

/**
 * The knee of a curve: the load up to which lag grows little, and beyond which it grows much. `undefined` when the lag does not rise.
 *
 * The point that lies furthest below the straight line from the first to the last one, both axes scaled to 0..1 (the idea of
 * "Finding a 'Kneedle' in a Haystack", Satopää et al., 2011). For equal distances the larger load is taken.
 *
 * @param leastRiseMs smallest rise that counts, in milliseconds: a rise from 1 to 8 ms is a multiple, and no knee
 */
export function findKnee(points: readonly LoadPoint[], leastRiseMs = 0): number | undefined {
  const sorted = points.toSorted((one, other) => one.sessions - other.sessions);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (!first || !last || sorted.length < 3) return undefined;
  const lowest = Math.min(...sorted.map(point => point.lagMs));
  const highest = Math.max(...sorted.map(point => point.lagMs));
  if (last.sessions === first.sessions || last.lagMs < RISE * lowest || highest === lowest) return undefined;
  if (last.lagMs - lowest < leastRiseMs) return undefined;
  let knee: LoadPoint | undefined;
  let furthest = 0;
  for (const point of sorted) {
    const load = (point.sessions - first.sessions) / (last.sessions - first.sessions);
    const lag = (point.lagMs - lowest) / (highest - lowest);
    if (load - lag > furthest) {
      furthest = load - lag;
      knee = point;
    }
  }
  return knee?.sessions;
}
