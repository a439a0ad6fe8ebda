import {
  MISSING_REGION,
  RUNTIME_PORT,
  SESSION_LIMIT_MS,
  StreamErrorCode,
  StreamErrorName,
  THROTTLING_ERROR,
} from '../../contract';
import { printable } from '../../report/printable';
import {
  AccessDeniedError,
  ClientConfigurationError,
  ConnectError,
  EndpointUnavailableError,
  InvalidRequestError,
  ModelRefusedError,
  ModelStreamClosedError,
  OpenTimeoutError,
  PlatformError,
  SessionError,
  SessionLimitError,
  type StreamDestination,
  StreamInterruptedError,
  ThrottledError,
} from './session-error';

/** Names by which AWS services ask to slow down (AWS SDK retry behaviour, "throttling errors"). */
const THROTTLING_NAMES = new Set([
  THROTTLING_ERROR,
  'Throttling',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'SlowDown',
  'LimitExceededException',
]);

/** Failures of a lookup or of TLS: the next attempt meets the same answer. */
const LASTING_CONNECT_CODES = /^(ENOTFOUND|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_INVALID_URL)/;
const CERTIFICATE_CODES = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT)/;

/** How the SDK's handler reports HTTP/2's ENHANCE_YOUR_CALM; Node.js itself resets a new stream so. */
const ENHANCE_YOUR_CALM = /result code 11\b|NGHTTP2_ENHANCE_YOUR_CALM/;

/** This machine, where the local SageMaker answers. */
const LOOPBACK_HOST = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[?::1\]?)$/i;

/** The SDK's errors for a machine without credentials, region or a usable configuration. */
const CONFIGURATION_ERRORS =
  /^(CredentialsProviderError|ProviderError|TokenProviderError)$|Region is missing|Invalid Configuration|No AWS partition/;

/** How AWS names the action that a policy lacks. */
const NOT_AUTHORIZED = /not authorized to perform: ([\w:]+)(?: on resource: (arn:\S+))?/;

/** WebSocket close code of a message over the receiver's limit (RFC 6455, section 7.4.1). */
const MESSAGE_TOO_BIG = 1009;

const READ_THE_LOG = "Read the container's log at that time.";

/** Longest quotation of the platform's own words, in characters. */
const QUOTATION_LIMIT = 300;

interface Failure {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly cause?: Failure;
  readonly Message?: string;
  readonly ErrorCode?: string;
  readonly OriginalMessage?: string;
  readonly OriginalStatusCode?: number;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Explains why a stream could not be opened. */
export function explainOpenFailure(cause: unknown, destination: StreamDestination): SessionError {
  if (cause instanceof SessionError) return cause;
  const failure = (cause ?? {}) as Failure;
  const name = failure.name ?? '';
  const status = failure.$metadata?.httpStatusCode;
  const says = quote(failure.Message ?? failure.message);
  const endpoint = `"${destination.endpointName}"`;
  if (CONFIGURATION_ERRORS.test(name) || (status === undefined && CONFIGURATION_ERRORS.test(failure.message ?? ''))) {
    return configurationError(failure, destination);
  }
  if (status === undefined) return connectError(failure, destination);
  if (THROTTLING_NAMES.has(name) || status === 429) {
    return new ThrottledError({
      what: `The platform throttled the open of a stream to ${endpoint}: ${says}`,
      why: 'More streams are being opened at once than the account or endpoint takes.',
      next: ['Open fewer at a time, or ask for a higher quota.', 'Raise {retry.maxAttempts} to wait longer for room.'],
      settings: ['retry.maxAttempts'],
      destination,
      cause,
    });
  }
  if (status === 401 || status === 403) return accessDenied(failure, `HTTP ${status} ${name}`, destination);
  if (status === 424) return modelRefused(failure, destination);
  if (status === 503) {
    return new EndpointUnavailableError({
      what: `${endpoint} cannot take a stream now (HTTP 503): ${says}`,
      why: 'The endpoint is not in service yet, is updating, or has no free capacity.',
      next: 'Wait until its status is InService, or let it scale out.',
      destination,
      cause,
    });
  }
  if (status >= 500) return platformError(says, destination, cause);
  return new InvalidRequestError({
    what: `The platform refused the request to ${endpoint} (HTTP ${status} ${name}): ${says}`,
    why: 'The endpoint or variant does not exist in this region and account, or a parameter breaks its pattern.',
    next: 'Check the endpoint name, region, variant, path and query.',
    destination,
    cause,
  });
}

function configurationError(failure: Failure, destination: StreamDestination): SessionError {
  if (/Region is missing/.test(failure.message ?? '')) {
    return new ClientConfigurationError({
      ...MISSING_REGION,
      code: 'ERR_BIDI_REGION_MISSING',
      destination,
      cause: failure,
    });
  }
  return new ClientConfigurationError({
    what: `The request could not be signed or addressed: ${quote(failure.Message ?? failure.message)}`,
    why: 'This machine has no usable credentials or endpoint setting.',
    next: 'Set AWS_PROFILE or the credentials, or give {credentials}.',
    settings: ['credentials'],
    destination,
    cause: failure,
  });
}

function accessDenied(failure: Failure, answer: string, destination: StreamDestination): SessionError {
  const message = failure.Message ?? failure.message ?? '';
  const what = `Access to "${destination.endpointName}" was denied (${answer}): ${quote(message)}`;
  const signedFor = /valid region(?:, not '([^']+)')?/.exec(message);
  if (signedFor) {
    return new AccessDeniedError({
      what,
      why: `The request was signed for ${signedFor[1] ?? 'one region'}, and the endpoint's host is of another region.`,
      next: "Set {region} or AWS_REGION to the endpoint's region.",
      settings: ['region'],
      destination,
      cause: failure,
    });
  }
  const [, action, resource] = NOT_AUTHORIZED.exec(message) ?? [];
  if (action) {
    return new AccessDeniedError({
      what,
      why: `No policy of the caller allows ${printable(action)}.`,
      next: `Allow it on ${printable(resource ?? "the endpoint's ARN")}, or use credentials of an identity that may.`,
      destination,
      cause: failure,
    });
  }
  return new AccessDeniedError({
    what,
    why: "The credentials are wrong, expired or of another account, this machine's clock is off, or their policy lacks the action.",
    next: "Check `aws sts get-caller-identity`, and allow sagemaker:InvokeEndpointWithBidirectionalStream on the endpoint's ARN.",
    destination,
    cause: failure,
  });
}

function modelRefused(failure: Failure, destination: StreamDestination): SessionError {
  const says = quote(failure.Message ?? failure.message);
  const original = failure.OriginalStatusCode ? ` (status ${failure.OriginalStatusCode})` : '';
  const originalMessage = failure.OriginalMessage ? ` ${quote(failure.OriginalMessage)}` : '';
  return new ModelRefusedError({
    what: `The model behind "${destination.endpointName}" refused the stream: ${says}${original}${originalMessage}`,
    why: 'The container answered the WebSocket upgrade with an error or too late: a wrong path or query, or a model still loading or full.',
    next: "Check {modelInvocationPath} and {modelQueryString}; the container's own reason is only in its log.",
    settings: ['modelInvocationPath', 'modelQueryString'],
    destination,
    cause: failure,
  });
}

/** Explains what ended an open stream. */
export function explainStreamFailure(cause: unknown, destination: StreamDestination): SessionError {
  if (cause instanceof SessionError) return cause;
  const failure = (cause ?? {}) as Failure;
  const says = quote(failure.Message ?? failure.message);
  const endpoint = `"${destination.endpointName}"`;
  if (failure.name === StreamErrorName.MODEL_STREAM_ERROR) {
    if (failure.ErrorCode === StreamErrorCode.MODEL_INVOCATION_TIME_EXCEEDED) return sessionLimit(destination, cause);
    const code = failure.ErrorCode ? ` ${failure.ErrorCode}` : '';
    const closedWith = closeCode(failure);
    const isTooBig = closedWith === MESSAGE_TOO_BIG;
    return new ModelStreamClosedError({
      what: `The model behind ${endpoint} ended the stream with an error${code}: ${says}`,
      why: isTooBig
        ? 'The message is too big for the container.'
        : 'The container reported an error or closed its WebSocket.',
      next: isTooBig ? "Send smaller messages or fragments, or raise the container's own limit." : READ_THE_LOG,
      closeCode: closedWith,
      destination,
      cause,
    });
  }
  if (failure.name === StreamErrorName.INTERNAL_STREAM_FAILURE) return platformError(says, destination, cause);
  if (isOutOfSessionMemory(failure)) {
    return new StreamInterruptedError({
      what: `The stream to ${endpoint} broke: ${says}`,
      ...SESSION_MEMORY_ADVICE,
      settings: ['requestHandler'],
      destination,
      cause,
    });
  }
  return interrupted(quote(rootOf(failure).code ?? failure.message), destination, cause);
}

/** Explains the platform's limit of a stream's age. */
export function sessionLimit(destination: StreamDestination, cause?: unknown): SessionLimitError {
  return new SessionLimitError({
    what: `The stream to "${destination.endpointName}" ended after ${SESSION_LIMIT_MS / 60_000} minutes.`,
    why: 'The platform ends every stream at that age.',
    next: 'Open a new session, or give {resume} to have it done.',
    settings: ['resume'],
    destination,
    cause,
  });
}

/** The same failure for a session with `resume` that says nothing about a container's crash: its error tells how to. */
export function explainUnresumed(error: SessionError, destination: StreamDestination): SessionError {
  if (!(error instanceof ModelStreamClosedError) || error.ErrorCode !== StreamErrorCode.STREAM_BROKEN) return error;
  const { what, why, closeCode, cause } = error;
  return new ModelStreamClosedError({
    what,
    why,
    next: `${READ_THE_LOG} To go on after it: \`resume: { …, resumable }\` says so.`,
    closeCode,
    destination,
    cause,
  });
}

/** Explains a broken connection or stream. */
export function interrupted(how: string, destination: StreamDestination, cause?: unknown): StreamInterruptedError {
  return new StreamInterruptedError({
    what: `The stream to "${destination.endpointName}" broke: ${how}`,
    why: 'The connection was lost, or the instance behind it ended.',
    next: 'Open a new session, or give `resume` to have it done with replay.',
    destination,
    cause,
  });
}

/** Explains an open that took too long. Port 443 takes the connection and never answers. */
export function openTimeout(timeoutMs: number, destination: StreamDestination, cause?: unknown): OpenTimeoutError {
  const { host, port } = destination;
  const elsewhere = port !== undefined && port !== RUNTIME_PORT;
  return new OpenTimeoutError({
    what: `The stream to "${destination.endpointName}" did not open within ${timeoutMs} ms${host ? ` (${host}:${port})` : ''}.`,
    why: elsewhere
      ? `The streaming runtime listens on port ${RUNTIME_PORT}; port ${port} was asked, and on 443 a request hangs without an error.`
      : `Port ${RUNTIME_PORT} may be blocked on the way, or the endpoint is cold and busy.`,
    next: elsewhere
      ? `Use the runtime URI with :${RUNTIME_PORT}.`
      : [
          `Allow outgoing TCP ${RUNTIME_PORT} (security group, interface endpoint, proxy).`,
          'Raise {openTimeoutMs} for an endpoint that is slow to answer.',
        ],
    settings: ['openTimeoutMs'],
    destination,
    cause,
  });
}

function connectError(failure: Failure, destination: StreamDestination): SessionError {
  const root = rootOf(failure);
  const code = root.code ?? '';
  const { host, port } = destination;
  const where = host ? `${host}:${port}` : 'the streaming runtime';
  if (isOutOfSessionMemory(failure)) {
    return new ConnectError({
      what: `No stream could be opened on the connection to ${where}: ${quote(root.message)}`,
      ...SESSION_MEMORY_ADVICE,
      retryable: true,
      settings: ['requestHandler'],
      destination,
      cause: failure,
    });
  }
  return new ConnectError({
    what: `Could not connect to ${where}: ${quote(root.message || code)}`,
    ...connectAdvice(code, host !== undefined && LOOPBACK_HOST.test(host)),
    retryable: !LASTING_CONNECT_CODES.test(code),
    destination,
    cause: failure,
  });
}

/** Unsent events that are more than Node.js holds for a connection. */
const SESSION_MEMORY_ADVICE = {
  why: 'Node.js refuses a new stream while its connection holds more than `maxSessionMemory` (10 MB by default) of unsent events.',
  next: [
    'Give {requestHandler} as options, so that the kit raises the bound, or make yours with `nodeHttp2ConnectOptions: { maxSessionMemory: 1024 }`.',
    'Wait for each send, or share the connection between fewer streams.',
  ],
};

function isOutOfSessionMemory(failure: Failure): boolean {
  const { code, message } = rootOf(failure);
  return ENHANCE_YOUR_CALM.test(message ?? '') || ENHANCE_YOUR_CALM.test(code ?? '');
}

function connectAdvice(code: string, isLoopback: boolean): { readonly why: string; readonly next: string } {
  if (CERTIFICATE_CODES.test(code)) {
    const trust = "Start Node with NODE_EXTRA_CA_CERTS naming the authority's PEM file";
    return {
      why: 'The certificate is not signed by an authority that Node trusts.',
      next: isLoopback
        ? `${trust}; in the same process, which reads it too late, start it with \`LocalSageMaker.start({ tls: false })\`.`
        : `${trust}.`,
    };
  }
  if (isLoopback) {
    return {
      why: whyLoopback(code),
      next: 'Start `npx bidi local STACK`, or unset AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2 for the real endpoint.',
    };
  }
  return {
    why:
      code === 'ENOTFOUND'
        ? 'The host name does not exist: a wrong region, or private DNS that does not reach here.'
        : 'Nothing listens there, something on the way refuses, or the connection was cut before an answer.',
    next: `Check the region and that TCP ${RUNTIME_PORT} is allowed.`,
  };
}

function whyLoopback(code: string): string {
  const other =
    'what listens there on this machine is no local SageMaker, or its URL has https for http or the reverse.';
  if (code === 'ECONNREFUSED') return 'Nothing listens there on this machine.';
  // The SDK's own HTTP/2 handler reports a refused port as an aborted stream without a cause.
  return code === '' ? `Nothing listens there, or ${other}` : `W${other.slice(1)}`;
}

function platformError(says: string, destination: StreamDestination, cause: unknown): PlatformError {
  return new PlatformError({
    what: `The platform failed the stream to "${destination.endpointName}": ${says}`,
    why: 'A fault inside SageMaker AI, or an instance that went away.',
    next: 'Open a new session; if it stays, give AWS Support the request id.',
    destination,
    cause,
  });
}

/** The WebSocket close code, which the platform reports as the error code or within its message. */
function closeCode({ ErrorCode, Message }: Failure): number | undefined {
  const code =
    /^\d{4}$/.exec(ErrorCode ?? '')?.[0] ?? /\b(?:code|status)\D{0,3}([1-4]\d{3})\b/i.exec(Message ?? '')?.[1];
  return code === undefined ? undefined : Number(code);
}

/** The error at the bottom: Node reports a refused connection as a cancelled stream that it caused. */
function rootOf(failure: Failure): Failure {
  let root = failure;
  for (let depth = 0; root.cause && depth < 8; depth += 1) root = root.cause;
  return root;
}

function quote(words: string | undefined): string {
  const said = words && printable(words.replace(/[\s.]+$/, ''));
  if (!said) return 'no reason given.';
  const quoted = said.length > QUOTATION_LIMIT ? `${said.slice(0, QUOTATION_LIMIT)}…` : said;
  return /[.!?…]$/.test(quoted) ? quoted : `${quoted}.`;
}
