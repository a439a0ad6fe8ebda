/** Ends a session whose caller has been silent for too long. Audio that is not over yet is no silence. */
export class Patience {
  private deadlineMs = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param limitMs longest silence, in milliseconds
   * @param lost called when the limit is reached
   */
  constructor(
    private readonly limitMs: number,
    private readonly lost: () => void,
  ) {
    this.renew();
  }

  /** Notes a message of the caller. @param overMs when the audio received so far is over (`performance.now()`) */
  renew(overMs = 0): void {
    this.deadlineMs = Math.max(performance.now(), overMs) + this.limitMs;
    this.timer ??= setTimeout(() => this.check(), this.limitMs);
  }

  /** Stops the timer. */
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  private check(): void {
    this.timer = undefined;
    const waitMs = this.deadlineMs - performance.now();
    if (waitMs <= 0) this.lost();
    else if (waitMs !== Number.POSITIVE_INFINITY) this.timer = setTimeout(() => this.check(), waitMs);
  }
}
