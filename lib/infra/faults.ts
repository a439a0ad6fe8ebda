import { type Duration, Token } from 'aws-cdk-lib';
import { ExplainedError } from '../contract';

/** Properties that SageMaker or CloudFormation would refuse, found at synthesis. Holds every fault, not the first alone. */
export class InvalidPropsError extends ExplainedError {
  override readonly code = 'ERR_BIDI_INVALID_PROPS';
  /** One sentence a fault: what is wrong and what is allowed. */
  readonly faults: readonly string[];

  constructor(subject: string, faults: readonly string[]) {
    super({
      what: `${subject} cannot be deployed as described:${faults.map(fault => `\n  - ${fault}`).join('')}`,
      why: 'The platform refuses such values, some of them only after minutes of provisioning.',
      next: 'Correct every line above, then synthesize again.',
    });
    this.faults = faults;
  }
}

/** What a check found: a sentence, or nothing. */
export type Fault = string | undefined;

/** An inclusive range of whole numbers. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Throws one {@link InvalidPropsError} with all faults, when there are any. */
export function refuse(subject: string, faults: readonly Fault[]): void {
  const found = faults.filter(fault => fault !== undefined);
  if (found.length > 0) throw new InvalidPropsError(subject, found);
}

/** What is wrong with a whole number, if anything. Tokens pass: their value is not known yet. */
export function numberFault(name: string, value: number | undefined, { min, max }: Range): Fault {
  if (value === undefined || Token.isUnresolved(value)) return undefined;
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return `${name} is ${value}; it must be a whole number from ${min} to ${max}.`;
}

/** What is wrong with a duration, if anything. Tokens pass: their value is not known yet. */
export function durationFault(name: string, value: Duration | undefined, { min, max }: Range): Fault {
  if (value === undefined || value.isUnresolved()) return undefined;
  const seconds = value.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return undefined;
  return `${name} is ${seconds} s; it must be whole seconds from ${min} to ${max}.`;
}
