import { fail, type Observation, warn } from '../report/finding';
import { type NoAnswer, sayNoAnswer } from './aws';
import { explainFailure, type FailureCause, type FixNames, fillFix } from './failures';

/**
 * The observation where AWS returned no value.
 *
 * A denied request is a warning that names the missing action: the deployment may run with other rights. A refusal that
 * the table of causes knows, such as a missing subscription, fails with the table's fix.
 */
export function unanswered(answer: NoAnswer, names: FixNames = {}): Observation {
  const seen = sayNoAnswer(answer);
  const known = knownCause(answer);
  if (known) {
    const fix = fillFix(known.fixes[0]!, names);
    return fail(`${known.title}. ${answer.message}`, [fix.text, fix.command].filter(Boolean).join(' '));
  }
  switch (answer.kind) {
    case 'denied':
      return warn(seen, `Allow ${answer.action} to have this checked before the deployment.`);
    case 'unauthenticated':
      return fail(seen, 'Sign in, for example with: aws sso login');
    case 'absent':
      return { verdict: 'fail', seen };
    case 'unreachable':
    case 'refused':
      return warn(seen, 'Run this again; it could not be looked at this time.');
  }
}

/**
 * A refusal that the table of causes knows. A denied request says nothing about the stack, except that AWS also denies requests
 * for a package without a subscription.
 */
function knownCause(answer: NoAnswer): FailureCause | undefined {
  if (answer.kind === 'unreachable' || answer.kind === 'unauthenticated') return undefined;
  const [known] = explainFailure({ reason: answer.message });
  return answer.kind === 'denied' && known?.name !== 'subscription' ? undefined : known;
}
