/**
 * Round trips of a session, from its steps. The answer of an echo belongs to the message that it repeats, also where several are under way;
 * any other answer is counted from the client's last message.
 */
export class RoundTrips {
  constructor() {
    /** Seconds from the open, and milliseconds, of each answer. */
    this.at = [];
    this.ms = [];
    /** Messages of the client that no echo has come of yet. */
    this.unanswered = [];
    this.isEcho = true;
    this.lastAtMs = undefined;
  }

  add(step) {
    if (step.type !== 'message') return;
    if (step.direction === 'received') {
      this.lastAtMs = step.atMs;
      if (this.isEcho) this.unanswered.push(step);
      return;
    }
    if (this.lastAtMs === undefined) return;
    const asked = this.isEcho ? this.unanswered.shift() : undefined;
    if (asked?.bytes !== step.bytes || asked?.dataType !== step.dataType) {
      this.isEcho = false;
      this.unanswered = [];
    }
    this.at.push(step.atMs / 1_000);
    this.ms.push(step.atMs - (this.isEcho ? asked.atMs : this.lastAtMs));
  }

  get description() {
    return this.isEcho ? 'from each message to its echo' : 'from the client’s last message to each answer';
  }
}

/** Nearest-rank percentile; undefined of nothing. */
export function percentile(values, percent) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? undefined : sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/**
 * At most so many points of a line: of each stretch the lowest and the highest, so that no peak is lost.
 *
 * @returns {{ at: number[], values: number[] }}
 */
export function sampled(at, values, limit) {
  if (at.length <= limit) return { at, values };
  const stretch = Math.ceil(at.length / (limit / 2));
  const chosen = { at: [], values: [] };
  for (let first = 0; first < at.length; first += stretch) {
    let lowest = first;
    let highest = first;
    for (let index = first; index < Math.min(at.length, first + stretch); index += 1) {
      if (values[index] < values[lowest]) lowest = index;
      if (values[index] > values[highest]) highest = index;
    }
    for (const index of lowest === highest ? [lowest] : [lowest, highest].sort((one, other) => one - other)) {
      chosen.at.push(at[index]);
      chosen.values.push(values[index]);
    }
  }
  return chosen;
}
