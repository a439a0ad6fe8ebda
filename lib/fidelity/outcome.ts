import { OpenTimeoutError, StreamInterruptedError } from '../client';
import { HANDSHAKE_FAILURE_MESSAGE } from '../contract';

/** The words for a response stream that ended without an error. */
export const ORDERLY = 'orderly end';

/** The words for the platform's message about a refused or late handshake. */
export const HANDSHAKE_FAILED = 'handshake failed';

interface Failure {
  readonly name?: string;
  readonly message?: string;
  readonly Message?: string;
  readonly ErrorCode?: string;
  readonly httpStatusCode?: number;
  readonly cause?: Failure;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * An error of a session or of the SDK as text that is compared: status, name and code. A message is left out, because it may quote payload or an
 * account.
 */
export function outcomeOf(error: unknown): string {
  const failure = error as Failure;
  const platform = failure.cause?.name !== undefined && failure.$metadata === undefined ? failure.cause : failure;
  const status = failure.httpStatusCode ?? failure.$metadata?.httpStatusCode ?? 200;
  // For an error on the stream, the SDK keeps the status of the response.
  if (status >= 300) return `HTTP ${status} ${platform.name}${handshakeWords(platform)}`;
  if (error instanceof OpenTimeoutError) return 'no answer';
  const { name = '' } = platform;
  if (/^(ModelStreamError|InternalStreamFailure)$/.test(name))
    return [name, platform.ErrorCode].filter(Boolean).join(' ');
  if (/Exception$/.test(name)) return `error event ${name}`;
  if (error instanceof StreamInterruptedError) return 'stream reset';
  return `${name || 'error'}${isCode(failure) ? ` ${(failure as { code?: string }).code}` : ''}`;
}

function isCode(failure: object): boolean {
  return typeof (failure as { code?: unknown }).code === 'string';
}

function handshakeWords({ name, Message, message }: Failure): string {
  if (name !== 'ModelError') return '';
  return (Message ?? message)?.startsWith(HANDSHAKE_FAILURE_MESSAGE) ? `, ${HANDSHAKE_FAILED}` : '';
}
