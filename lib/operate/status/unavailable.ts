import { ExplainedError } from '../../contract';
import { type Answer, sayNoAnswer } from '../aws';

/** AWS could not be asked: there are no credentials, no network or no permission. */
export class StatusUnavailableError extends ExplainedError {
  override readonly code = 'ERR_BIDI_STATUS_UNAVAILABLE';
}

/** The value of an answer.
 *
 * @throws StatusUnavailableError when there is none
 */
export function expectAnswer<T>(answer: Answer<T>): T {
  if (answer.kind === 'answered') return answer.value;
  throw new StatusUnavailableError({
    what: sayNoAnswer(answer),
    why:
      answer.kind === 'unreachable'
        ? 'The network, a proxy or the region may be the cause.'
        : answer.kind === 'denied'
          ? 'The credentials are valid, but their policies do not allow this.'
          : 'Credentials or region are missing or not valid.',
    next:
      answer.kind === 'denied'
        ? `Allow ${answer.action}.`
        : 'Try: aws sts get-caller-identity, then this command again.',
  });
}
