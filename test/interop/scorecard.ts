/** Thrown inside a check when what it needs cannot be had on this machine. */
export class NotAvailableError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = new.target.name;
  }
}

/** Counts what passed, what failed and what could not be tried, and says each as it happens. */
export class Scorecard {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  pass(what: string): void {
    this.#passed += 1;
    console.log(`passed: ${what}`);
  }

  fail(what: string, why: unknown): void {
    this.#failed += 1;
    console.log(`FAILED: ${what}\n  ${messageOf(why).replaceAll('\n', '\n  ')}`);
  }

  skip(what: string, why: string): void {
    this.#skipped += 1;
    console.log(`skipped: ${what} (${why})`);
  }

  /**
   * Runs one check: it passes when it resolves.
   *
   * @returns what the check resolved to, or undefined when it failed or could not be tried
   */
  async check<T>(what: string, run: () => T | Promise<T>): Promise<T | undefined> {
    try {
      const result = await run();
      this.pass(what);
      return result;
    } catch (error) {
      if (error instanceof NotAvailableError) this.skip(what, error.message);
      else this.fail(what, error);
      return undefined;
    }
  }

  /** Prints the closing line; returns the exit code. */
  close(): number {
    console.log(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`);
    return this.#failed > 0 ? 1 : 0;
  }
}

function messageOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}
