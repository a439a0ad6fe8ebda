import { type ErrorCode, ExplainedError } from '../contract';

/** Why a WebSocket is not opened, as the HTTP answer that says so. */
export interface Refusal {
  readonly statusCode: number;
  readonly code: ErrorCode;
  readonly what: string;
  readonly why: string;
  readonly next: string;
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal of the gateway's own. */
export function refusal(
  statusCode: number,
  [what, why, next]: readonly [what: string, why: string, next: string],
  headers?: Readonly<Record<string, string>>,
): Refusal {
  return { statusCode, code: 'ERR_BIDI_GATEWAY', what, why, next, headers };
}

/** HTTP status by the code of the error that the open ended with. */
const STATUS_CODES: Partial<Record<ErrorCode, number>> = {
  ERR_BIDI_INVALID_TARGET: 400,
  ERR_BIDI_ACCESS_DENIED: 403,
  ERR_BIDI_THROTTLED: 429,
  ERR_BIDI_PLATFORM: 502,
  ERR_BIDI_CONNECT: 502,
  ERR_BIDI_MODEL_REFUSED: 502,
  ERR_BIDI_ENDPOINT_UNAVAILABLE: 503,
  ERR_BIDI_OPEN_TIMEOUT: 504,
};

/** Seconds after which a client may try again what the platform had no room for. */
const RETRY_AFTER_SECONDS = '1';

/** The answer to an open that failed at the endpoint. It holds the error's explanation and nothing else of the error. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ExplainedError)) {
    return refusal(502, [
      'The stream could not be opened.',
      'The gateway met an error that it does not know.',
      'Try again.',
    ]);
  }
  const { code, what, why, next } = error;
  const answered = (error as { httpStatusCode?: number }).httpStatusCode;
  const statusCode = STATUS_CODES[code] ?? (code === 'ERR_BIDI_INVALID_REQUEST' ? (answered ?? 400) : 502);
  const isTransient = statusCode === 429 || statusCode === 503;
  return {
    statusCode,
    code,
    what,
    why,
    next,
    headers: isTransient ? { 'retry-after': RETRY_AFTER_SECONDS } : undefined,
  };
}
