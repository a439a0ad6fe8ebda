import { ExplainedError, MISSING_REGION } from '../../contract';

/** No region is configured. */
class MissingRegionError extends ExplainedError {
  override readonly code = 'ERR_BIDI_REGION_MISSING';
  constructor(options?: ErrorOptions) {
    super(MISSING_REGION, options);
  }
}

/** The outcome of one request to AWS. Thrown are only a fault of this kit and a missing region. */
export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** The resource does not exist. */
  | { readonly kind: 'absent'; readonly message: string }
  /** The caller lacks the permission: `action` is the IAM action that is missing. */
  | { readonly kind: 'denied'; readonly action: string; readonly message: string }
  /** There are no credentials, or they are not valid. */
  | { readonly kind: 'unauthenticated'; readonly message: string }
  /** No answer came: offline, a firewall, or too late. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** The service answered with another error. */
  | { readonly kind: 'refused'; readonly message: string };

/** An {@link Answer} that holds no value. */
export type NoAnswer = Exclude<Answer<unknown>, { kind: 'answered' }>;

/** Time limit of one request to AWS, retries included, in milliseconds. */
const ASK_TIMEOUT_MS = 15_000;

/**
 * Sends one request to AWS within a time limit, and returns its outcome.
 *
 * @param action IAM action that the caller needs, such as `sagemaker:DescribeEndpoint`.
 * @param call the call, to be given up when the signal aborts.
 * @throws MissingRegionError where no region is configured; an error that is not AWS's own is thrown on.
 */
export async function ask<T>(
  action: string,
  call: (abortSignal: AbortSignal) => Promise<T>,
  timeoutMs = ASK_TIMEOUT_MS,
): Promise<Answer<T>> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // The SDK heeds the signal while it waits for the network, but not while it resolves credentials or sleeps before a retry.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      abort.abort();
      reject(new LateAnswer(`no answer within ${timeoutMs / 1_000} s`));
    }, timeoutMs);
  });
  const answer = call(abort.signal);
  answer.catch(() => {}); // after the time limit its rejection has no other handler
  try {
    return { kind: 'answered', value: await Promise.race([answer, late]) };
  } catch (error) {
    return classify(action, error as ServiceError);
  } finally {
    clearTimeout(timer);
  }
}

class LateAnswer extends Error {}

interface ServiceError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly errors?: readonly NodeJS.ErrnoException[];
}

const DENIED = /^(AccessDenied(Exception)?|UnauthorizedOperation|NotAuthorized|AuthorizationError(Exception)?)$/;
const UNAUTHENTICATED =
  /^(CredentialsProviderError|TokenProviderError|ExpiredToken(Exception)?|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|MissingAuthenticationToken(Exception)?|IncompleteSignature(Exception)?)$/;
const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|TimeoutError|AbortError)$/;
/** Message of the SDK's error where it finds no region; the error has no name of its own. */
const REGION_IS_MISSING = 'Region is missing';
const ABSENT = /could not find|does not exist|not found/i;

function classify(action: string, error: ServiceError): NoAnswer {
  const message = oneLine(error.message);
  const codes = [error.name, error.code ?? '', ...(error.errors ?? []).map(inner => inner.code ?? '')];
  if (error instanceof LateAnswer) return { kind: 'unreachable', message };
  // The SDK may put an error of the network into one of its own, of which only the message is left.
  const network =
    codes.find(code => UNREACHABLE.test(code)) ?? message.split(/[\s:]+/).find(word => UNREACHABLE.test(word));
  if (network !== undefined) return { kind: 'unreachable', message: message || network };
  if (UNAUTHENTICATED.test(error.name)) return { kind: 'unauthenticated', message };
  if (DENIED.test(error.name)) return { kind: 'denied', action, message };
  if (
    /NotFound(Exception)?$/.test(error.name) ||
    (/^Validation(Error|Exception)$/.test(error.name) && ABSENT.test(message))
  ) {
    return { kind: 'absent', message };
  }
  if (message === REGION_IS_MISSING) throw new MissingRegionError({ cause: error });
  if (error.$metadata === undefined) throw error;
  return { kind: 'refused', message: message === error.name ? message : `${error.name}: ${message}` };
}

function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ').trim();
}

/** An answer that holds no value, in one sentence. */
export function sayNoAnswer(answer: NoAnswer): string {
  switch (answer.kind) {
    case 'denied':
      return `Not allowed to look: ${answer.action} is denied.`;
    case 'unauthenticated':
      return `No valid credentials: ${answer.message}`;
    case 'unreachable':
      return `AWS did not answer: ${answer.message}`;
    case 'absent':
    case 'refused':
      return answer.message;
  }
}
