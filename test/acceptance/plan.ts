import type { Script } from './play-script';
import { STACK } from './stage';

/** Where AWS says what an instance costs. */
const PRICES = 'https://aws.amazon.com/sagemaker/ai/pricing/ ("Real-Time Inference")';

/** What a run comes to at most. */
export interface Bound {
  /** From the first step to the last, in hours. */
  readonly hours: number;
  /** Hours of all instances together. */
  readonly instanceHours: number;
  /** Most instances at one time. */
  readonly instances: number;
}

/** The bounds of a script: every step may take its longest time. */
export function boundOf({ steps, ending }: Script): Bound {
  const all = [...steps, ...ending];
  const minutes = all.reduce((sum, { boundMinutes }) => sum + boundMinutes, 0);
  const added = all.reduce((sum, { boundMinutes, addedInstances = 0 }) => sum + boundMinutes * addedInstances, 0);
  return {
    hours: minutes / 60,
    instanceHours: (minutes + added) / 60,
    instances: 1 + Math.max(...all.map(({ addedInstances = 0 }) => addedInstances)),
  };
}

/** What a run in AWS creates, for how long, and what that costs, for the person who is asked. */
export function planOf(script: Script, region: string, instanceTypes: readonly string[]): string {
  const { hours, instanceHours, instances } = boundOf(script);
  const [type, ...others] = instanceTypes;
  const steps = [...script.steps, ...script.ending].map(
    ({ name, title, boundMinutes }) => `  ${name.padEnd(14)} ${title} (at most ${boundMinutes} min)`,
  );
  return [
    `The acceptance deploys ${STACK} in ${region}, changes it, and destroys it:`,
    '',
    ...steps,
    '',
    'It creates',
    `  - an endpoint on ${type}${others.length > 0 ? ` (or ${others.join(', ')}: the first for which the account has quota)` : ''}: ${instances} instances at most at one time, one of them for most of it,`,
    '  - its model, configuration, execution role, log group, alarms, dashboard, scalable target and scaling policy,',
    "  - two images in the repository of the CDK's bootstrap; they stay, for cdk gc to delete.",
    '',
    `It takes ${hours.toFixed(1)} hours at most, and ${instanceHours.toFixed(1)} hours of an instance: the bounds of all steps together. AWS bills the hours that it takes, at the`,
    `price of ${type} in ${region}, and what CloudWatch, ECR and the transfer of data add. This kit holds no prices: ${PRICES}.`,
    '',
    'Ctrl-C and every failure destroy the stack first.',
  ].join('\n');
}
