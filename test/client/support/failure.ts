import type { SessionError } from '../../../lib/client';

/** The error of what has to fail. */
export function failure(promise: Promise<unknown>): Promise<SessionError> {
  return promise.then(
    () => Promise.reject(new Error('Nothing was thrown.')),
    error => error,
  );
}
