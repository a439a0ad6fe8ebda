import { type Duration, Token } from 'aws-cdk-lib';
import { ExplainedError } from '../contract';

/** Properties that SageMaker or CloudFormation would refuse, found at synthesis. Holds every violation, not the first alone. */
export class InvalidPropsError extends ExplainedError {
  override readonly code = 'ERR_BIDI_INVALID_PROPS';
  /** One sentence a violation: what is wrong and what is allowed. */
  readonly violations: readonly string[];

  constructor(subject: string, violations: readonly string[]) {
    super({
      what: `${subject} cannot be deployed:${violations.map(violation => `\n  - ${violation}`).join('')}`,
      why: 'The platform refuses these values, some only after minutes of provisioning.',
      next: 'Correct every line above, then synthesize again.',
    });
    this.violations = violations;
  }
}

/** The result of a check: a violation as a sentence, or nothing. */
export type Violation = string | undefined;

/** An inclusive range of whole numbers. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/**
 * Throws one {@link InvalidPropsError} with all violations, when there are any.
 *
 * @throws InvalidPropsError with every violation, when there are any.
 */
export function throwIfInvalid(subject: string, violations: readonly Violation[]): void {
  const found = violations.filter(violation => violation !== undefined);
  if (found.length > 0) throw new InvalidPropsError(subject, found);
}

/** The violation in a whole number, if any. Tokens pass: their value is not known yet. */
export function numberViolation(name: string, value: number | undefined, { min, max }: Range): Violation {
  if (value === undefined || Token.isUnresolved(value)) return undefined;
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return `${name} is ${value}; it must be a whole number from ${min} to ${max}.`;
}

/** The violation in a duration, if any. Tokens pass: their value is not known yet. */
export function durationViolation(name: string, value: Duration | undefined, { min, max }: Range): Violation {
  if (value === undefined || value.isUnresolved()) return undefined;
  const seconds = value.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return undefined;
  return `${name} is ${seconds} s; it must be whole seconds from ${min} to ${max}.`;
}
