/** Places for sessions that are served at a time. A session without a place waits, and nothing tells its caller. */
export class SequenceSlots {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param count how many there are, as vLLM's `max_num_seqs` */
  constructor(private readonly count: number) {}

  /**
   * Takes a place, now or when one is free.
   *
   * @param taken called once, when the place is taken
   * @returns gives the place back, or the wait up
   */
  take(taken: () => void): () => void {
    let state: 'waiting' | 'taken' | 'over' = 'waiting';
    const begin = (): void => {
      state = 'taken';
      this.taken += 1;
      taken();
    };
    if (this.taken < this.count) begin();
    else this.waiting.push(begin);
    return () => {
      const before = state;
      state = 'over';
      if (before === 'waiting') {
        this.waiting.splice(this.waiting.indexOf(begin), 1);
      } else if (before === 'taken') {
        this.taken -= 1;
        this.waiting.shift()?.();
      }
    };
  }
}
