import { type Explanation, SESSION_LIMIT_MS } from '../../contract';

const LIMIT_MINUTES = SESSION_LIMIT_MS / 60_000;

/** Why a session ended with an error, or was refused, in three sentences; undefined for an orderly end. */
export function explainEnding(outcome: string, message: string | undefined): Explanation | undefined {
  if (outcome === 'ended') return undefined;
  const what = message === undefined || message === '' ? `The stream ended with ${outcome}.` : `${outcome}: ${message}`;
  switch (outcome) {
    case 'aborted':
      return {
        what: 'The stream was reset before it ended.',
        why: 'The client went away, or a fault or a time limit of this start reset the stream.',
        next: 'Look at what the client did last, and at the options --fault and --behaviour of this start.',
      };
    case 'ModelStreamError':
      return {
        what,
        why: `The container closed its WebSocket with an error, vanished, reported an error, or the stream was open for ${LIMIT_MINUTES} minutes.`,
        next: 'Read the last steps of the time line and the output of the container.',
      };
    case 'ModelError':
      return {
        what,
        why: 'The container refused the WebSocket, answered with an error, or did not answer in time.',
        next: 'Compare the path and the query of the request with what the container serves, and read its output.',
      };
    case 'InternalStreamFailure':
      return {
        what,
        why: 'The platform failed, which here only an injected fault or a chosen behaviour does.',
        next: 'Let the client open a new stream, as it has to in AWS.',
      };
    case 'ServiceUnavailableError':
    case 'ServiceUnavailable':
      return {
        what,
        why: 'No container of the endpoint is in service.',
        next: 'Read the output of the container under Endpoints.',
      };
    default:
      return {
        what,
        why: 'The request or one of its events breaks a rule of the platform, or its signature is not valid.',
        next: 'Correct the client, or take the variables under How to connect.',
      };
  }
}
