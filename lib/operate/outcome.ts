import { type NoAnswer, sayNoAnswer } from './aws';
import { explainFailure, type FailureCause, type FixNames, fillFix } from './failures';
import type { Finding } from './finding';

/** What a check asks, and by whose word. */
export type Rule = Pick<Finding, 'name' | 'rule' | 'source'>;

/** How a check came out. */
export type Outcome = Pick<Finding, 'seen' | 'verdict' | 'next'>;

/** The finding of a rule and its outcome. */
export function finding(rule: Rule, outcome: Outcome): Finding {
  return { ...rule, ...outcome };
}

/**
 * The outcome where AWS gave no value.
 *
 * A look that is not allowed is a warning that names the missing action: the deployment may run with other rights. A refusal that the
 * table of causes knows, such as a missing subscription, fails with the table's fix.
 */
export function unanswered(answer: NoAnswer, names: FixNames = {}): Outcome {
  const seen = sayNoAnswer(answer);
  const known = knownCause(answer);
  if (known) {
    const fix = fillFix(known.fixes[0]!, names);
    return {
      verdict: 'fail',
      seen: `${known.title}. ${answer.message}`,
      next: [fix.text, fix.command].filter(Boolean).join(' '),
    };
  }
  switch (answer.kind) {
    case 'denied':
      return { verdict: 'warn', seen, next: `Allow ${answer.action} to have this checked before the deployment.` };
    case 'unauthenticated':
      return { verdict: 'fail', seen, next: 'Sign in, for example with: aws sso login' };
    case 'absent':
      return { verdict: 'fail', seen };
    case 'unreachable':
    case 'refused':
      return { verdict: 'warn', seen, next: 'Run this again; it could not be looked at this time.' };
  }
}

/** A refusal that the table knows. What the caller may not look at says nothing of the stack, except that AWS also denies an unsubscribed package. */
function knownCause(answer: NoAnswer): FailureCause | undefined {
  if (answer.kind === 'unreachable' || answer.kind === 'unauthenticated') return undefined;
  const [known] = explainFailure({ reason: answer.message });
  return answer.kind === 'denied' && known?.name !== 'subscription' ? undefined : known;
}
