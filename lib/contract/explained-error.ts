/** The three things that an error of this kit tells. */
export interface Explanation {
  /** What happened, in the platform's words. One sentence. */
  readonly what: string;
  /** Why it probably happened. One sentence. */
  readonly why: string;
  /** What to do next. One sentence, or a command. */
  readonly next: string;
}

/**
 * An error that says what happened, why it probably happened and what to do next.
 *
 * It prints as three short lines and exports the three as fields. Errors of the kit are this class or a subclass named
 * after the fault.
 */
export class ExplainedError extends Error implements Explanation {
  readonly what: string;
  readonly why: string;
  readonly next: string;

  constructor(explanation: Explanation, options?: ErrorOptions) {
    super(`${explanation.what}\n  why:  ${explanation.why}\n  next: ${explanation.next}`, options);
    this.name = new.target.name;
    this.what = explanation.what;
    this.why = explanation.why;
    this.next = explanation.next;
  }

  /** For `--json` output and structured logs. Never holds payload or credentials. */
  toJSON(): Explanation & {
    /** Name of the error's class. */
    readonly name: string;
  } {
    return { name: this.name, what: this.what, why: this.why, next: this.next };
  }
}
