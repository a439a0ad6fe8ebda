import type { ErrorCode } from './error-code';

/** The three things that an error of this kit tells. */
export interface Explanation {
  /** What happened, in the platform's words. One sentence. */
  readonly what: string;
  /** Why it probably happened. One sentence. */
  readonly why: string;
  /** What to do next. One sentence, or a command. */
  readonly next: string;
}

/** An explanation as it is written: the same error names a property in the library and an option on the command line. */
export interface ExplanationTemplate {
  /** What happened, in the platform's words. One sentence. May quote another program's message. */
  readonly what: string;
  /** Why it probably happened. One sentence. */
  readonly why: string;
  /** What to do next. A list holds alternatives; one that names a setting which the caller does not have is left out. */
  readonly next: string | readonly string[];
  /**
   * Settings that `why` and `next` name in braces, as in `Set {region} or AWS_REGION.`, each by the name of its property.
   *
   * @default none
   */
  readonly settings?: readonly string[];
}

/** The name of a setting where an error is shown: `--region`; `undefined` where there is no such setting. */
export type SettingNames = (setting: string) => string | undefined;

/**
 * An error that says what happened, why it probably happened and what to do next.
 *
 * It prints as three short lines and exports the three as fields. `code` is stable; docs/errors.md lists the codes. Errors of
 * the kit are subclasses named after the fault.
 */
export abstract class ExplainedError extends Error implements Explanation {
  /** Which error it is. Stable: compare this, and neither message nor class name. */
  abstract readonly code: ErrorCode;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  /** Settings that the explanation names, each by the name of its property. */
  readonly settings: readonly string[];
  /** The explanation as it was written, to be shown with other names for its settings or sent to another process. */
  declare readonly template: ExplanationTemplate;

  constructor(template: ExplanationTemplate, options?: ErrorOptions) {
    const { what, why, next } = explain(template, setting => `\`${setting}\``);
    super(`${what}\n  why:  ${why}\n  next: ${next}`, options);
    this.name = new.target.name;
    this.what = what;
    this.why = why;
    this.next = next;
    this.settings = template.settings ?? [];
    // Of no interest to a logger that lists an error's fields.
    Object.defineProperty(this, 'template', { value: template, enumerable: false });
  }

  /** The explanation with other names for its settings, such as those of a command's options. */
  explainWith(names: SettingNames): Explanation {
    return explain(this.template, names);
  }

  /** For `--json` output and structured logs. Never holds payload or credentials. */
  toJSON(): Explanation & {
    /** Name of the error's class. */
    readonly name: string;
    /** Stable code of the error. */
    readonly code: ErrorCode;
  } {
    return { name: this.name, code: this.code, what: this.what, why: this.why, next: this.next };
  }
}

function explain({ what, why, next, settings = [] }: ExplanationTemplate, names: SettingNames): Explanation {
  const isKnown = (sentence: string) =>
    settings.every(setting => !sentence.includes(`{${setting}}`) || names(setting) !== undefined);
  const named = (sentence: string) =>
    settings.reduce((text, setting) => text.replaceAll(`{${setting}}`, names(setting) ?? setting), sentence);
  const alternatives = typeof next === 'string' ? [next] : next.filter(isKnown);
  return { what, why: named(why), next: alternatives.map(named).join(' ') };
}
