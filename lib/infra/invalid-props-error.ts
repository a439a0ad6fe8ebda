import type { IConstruct } from 'constructs';
import { ExplainedError } from '../contract';

/** Properties that SageMaker or CloudFormation would refuse, found at synthesis. Holds every fault, not the first alone. */
export class InvalidPropsError extends ExplainedError {
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

/** Throws one {@link InvalidPropsError} with all faults, when there are any. `undefined` entries are checks that passed. */
export function refuse(subject: IConstruct | string, faults: ReadonlyArray<string | undefined>): void {
  const found = faults.filter(fault => fault !== undefined);
  if (found.length > 0) {
    throw new InvalidPropsError(typeof subject === 'string' ? subject : subject.node.path, found);
  }
}
