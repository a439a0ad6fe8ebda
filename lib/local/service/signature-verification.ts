import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  ALGORITHM_IDENTIFIER,
  AMZ_DATE_HEADER,
  AUTH_HEADER,
  createScope,
  EVENT_ALGORITHM_IDENTIFIER,
  getCanonicalHeaders,
  KEY_TYPE_IDENTIFIER,
  SHA256_HEADER,
  SignatureV4Base,
  TOKEN_HEADER,
} from '@smithy/signature-v4';
import type { Message, MessageHeaders } from '@smithy/types';
import { EventHeader, SIGNATURE_SKEW_LIMIT_MS, SIGNED_EVENTS_PAYLOAD, SIGNING_NAME } from '../../contract';
import { encodeEventHeaders } from '../../wire/event-codec';
import type { LocalCredentials } from './local-credentials';
import { ServiceError } from './service-error';

/** The parts of an HTTP request that its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Headers by lower-case name; `host` included. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The result of a request's verification, with which its events are verified. */
export interface VerifiedRequest {
  /** Signature of the request, in hexadecimal: where the chain of its events begins. */
  readonly signature: string;
  readonly credentials: LocalCredentials;
  /** Value of `x-amz-content-sha256`, or undefined. */
  readonly payloadHash: string | undefined;
}

/** A SHA-256 in hexadecimal, as signatures and hashes are written. */
const SHA256_PATTERN = /^[0-9a-f]{64}$/;

/** Set by intermediaries behind the signer; every SDK leaves it out of the signature. */
const UNSIGNED_HEADER = 'x-amzn-trace-id';

/** What the Authorization header holds behind the algorithm, each once. */
const AUTHORIZATION_PARTS: readonly string[] = ['Credential', 'Signature', 'SignedHeaders'];

const SKEW_MINUTES = SIGNATURE_SKEW_LIMIT_MS / 60_000;
const SIGNATURE_MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing ' +
  'method. Consult the service documentation for details.';

/**
 * Verifies AWS Signature Version 4 as the service does: of a request, and of each event in the chain that its signature begins.
 *
 * Names and wordings of the errors are those that AWS services with a JSON protocol answer.
 */
export class SignatureVerifier {
  private readonly canonical = new CanonicalRequest();
  private readonly keys = new Map<string, Buffer>();

  /**
   * @param region region that a signature has to be scoped to.
   * @param credentials pairs whose signatures are accepted.
   * @param now the service's clock, in milliseconds since 1970.
   */
  constructor(
    readonly region: string,
    private readonly credentials: readonly LocalCredentials[],
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Verifies what can be verified before the body is read, so that only a caller who has the key makes the service read one: all of it
   * where the request names the hash of its body, else the key, the scope and the date.
   *
   * @throws ServiceError 403, as {@link verifyRequest}.
   */
  verifyBeforeBody(request: SignedRequest): void {
    const payloadHash = request.headers[SHA256_HEADER];
    if (payloadHash === undefined) this.identify(request);
    else if (SHA256_PATTERN.test(payloadHash)) this.verifyRequest(request);
    else throw invalidSignature(SIGNATURE_MISMATCH); // UNSIGNED-PAYLOAD: the operation's body is signed
  }

  /**
   * @param bodyHash SHA-256 of the body in hexadecimal, where the body was read before; checked against the signed one.
   * @throws ServiceError 403 when the signature is missing, malformed, too old, of another key, region or service, or wrong.
   */
  verifyRequest(request: SignedRequest, bodyHash?: string): VerifiedRequest {
    const { credentials, shortDate, longDate, signedHeaders, signature } = this.identify(request);
    const payloadHash = request.headers[SHA256_HEADER];
    if (bodyHash !== undefined && payloadHash !== undefined && payloadHash !== bodyHash) {
      throw invalidSignature(SIGNATURE_MISMATCH);
    }
    const canonicalRequest = this.canonical.of(request, signedHeaders, payloadHash ?? bodyHash ?? sha256(''));
    const stringToSign = [
      ALGORITHM_IDENTIFIER,
      longDate,
      createScope(shortDate, this.region, SIGNING_NAME),
      sha256(canonicalRequest),
    ].join('\n');
    const expected = createHmac('sha256', this.signingKey(credentials, shortDate)).update(stringToSign).digest();
    if (!SHA256_PATTERN.test(signature) || !sameBytes(expected, Buffer.from(signature, 'hex'))) {
      throw invalidSignature(SIGNATURE_MISMATCH);
    }
    return { signature, credentials, payloadHash };
  }

  /** Reads the signature and checks everything but the signature itself: the key, the scope and the date. */
  private identify(request: SignedRequest) {
    const authorization = request.headers[AUTH_HEADER];
    if (authorization === undefined) {
      throw refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
    }
    const { credential, signedHeaders, signature, longDate } = parseAuthorization(authorization, request.headers);
    const [accessKeyId, shortDate, region, service] = credential;
    const credentials = this.credentials.find(known => known.accessKeyId === accessKeyId);
    if (!credentials || !sameText(credentials.sessionToken ?? '', request.headers[TOKEN_HEADER] ?? '')) {
      throw refusal('UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    if (region !== this.region) {
      throw invalidSignature(`Credential should be scoped to a valid region, not '${region}'. `);
    }
    if (service !== SIGNING_NAME) {
      throw invalidSignature(`Credential should be scoped to correct service: '${SIGNING_NAME}'. `);
    }
    if (!longDate.startsWith(shortDate)) {
      throw invalidSignature(
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${shortDate}' != '${longDate.slice(0, 8)}', from '${longDate}'.`,
      );
    }
    this.verifyDate(parseLongDate(longDate));
    return { credentials, shortDate, longDate, signedHeaders, signature };
  }

  /** The chain of the events of a verified request. */
  eventChain(request: VerifiedRequest): EventSignatureChain {
    // The AWS SDK for Rust signs the request as one without a body and names no hash; its events are signed like all others'.
    if (request.payloadHash !== undefined && request.payloadHash !== SIGNED_EVENTS_PAYLOAD) {
      throw invalidSignature(`The header '${SHA256_HEADER}' of an event stream must be '${SIGNED_EVENTS_PAYLOAD}'.`);
    }
    return new EventSignatureChain(
      request.signature,
      shortDate => this.signingKey(request.credentials, shortDate),
      shortDate => createScope(shortDate, this.region, SIGNING_NAME),
      date => this.verifyDate(date),
    );
  }

  private verifyDate(date: Date): void {
    if (Number.isNaN(date.getTime())) throw invalidSignature('The date of the signature is not a date.');
    const now = this.now();
    const earliest = now - SIGNATURE_SKEW_LIMIT_MS;
    const latest = now + SIGNATURE_SKEW_LIMIT_MS;
    if (date.getTime() < earliest) {
      throw invalidSignature(
        `Signature expired: ${longDateOf(date)} is now earlier than ${longDateOf(earliest)} (${longDateOf(now)} - ${SKEW_MINUTES} min.)`,
      );
    }
    if (date.getTime() > latest) {
      throw invalidSignature(
        `Signature not yet current: ${longDateOf(date)} is still later than ${longDateOf(latest)} (${longDateOf(now)} + ${SKEW_MINUTES} min.)`,
      );
    }
  }

  private signingKey(credentials: LocalCredentials, shortDate: string): Buffer {
    const cacheKey = `${credentials.accessKeyId}/${shortDate}`;
    let key = this.keys.get(cacheKey);
    if (!key) {
      key = Buffer.from(`AWS4${credentials.secretAccessKey}`);
      for (const part of [shortDate, this.region, SIGNING_NAME, KEY_TYPE_IDENTIFIER]) {
        key = createHmac('sha256', key).update(part).digest();
      }
      if (this.keys.size >= 2 * this.credentials.length) this.keys.clear(); // yesterday's
      this.keys.set(cacheKey, key);
    }
    return key;
  }
}

/** The signatures of one request's events: each covers its own date, its body and the signature before it. */
export class EventSignatureChain {
  private previous: string;

  /** @internal */
  constructor(
    requestSignature: string,
    private readonly signingKey: (shortDate: string) => Buffer,
    private readonly scope: (shortDate: string) => string,
    private readonly verifyDate: (date: Date) => void,
  ) {
    this.previous = requestSignature;
  }

  /** @throws ServiceError when the event is not signed, too old, or its signature does not continue the chain. */
  verify(event: Message): void {
    const { [EventHeader.CHUNK_SIGNATURE]: signature, ...signedHeaders } = event.headers;
    const date = signedHeaders[EventHeader.DATE];
    if (signature?.type !== 'binary' || date?.type !== 'timestamp') {
      throw invalidSignature(
        `Every event must carry the headers '${EventHeader.DATE}' and '${EventHeader.CHUNK_SIGNATURE}'.`,
      );
    }
    this.verifyDate(date.value);
    const expected = this.signatureOf(event, signedHeaders, date.value);
    if (!sameBytes(expected, signature.value)) throw invalidSignature(SIGNATURE_MISMATCH);
    this.previous = expected.toString('hex');
  }

  private signatureOf(event: Message, signedHeaders: MessageHeaders, date: Date): Buffer {
    const longDate = longDateOf(date);
    const shortDate = longDate.slice(0, 8);
    const stringToSign = `${EVENT_ALGORITHM_IDENTIFIER}\n${longDate}\n${this.scope(shortDate)}\n${this.previous}\n${sha256(encodeEventHeaders(signedHeaders))}\n${sha256(event.body)}`;
    return createHmac('sha256', this.signingKey(shortDate)).update(stringToSign).digest();
  }
}

/** The SDK's own canonical form of a request, so that what it signs and what is verified can not drift apart. */
class CanonicalRequest extends SignatureV4Base {
  constructor() {
    // Only the canonical form is used; keys and hashes stay with the verifier.
    super({
      service: SIGNING_NAME,
      region: '',
      credentials: { accessKeyId: '', secretAccessKey: '' },
      sha256: undefined as never,
    });
  }

  of({ method, target, headers }: SignedRequest, signedHeaders: readonly string[], payloadHash: string): string {
    const mark = target.indexOf('?');
    const request = {
      method,
      protocol: 'https:',
      hostname: '',
      path: mark < 0 ? target : target.slice(0, mark),
      query: mark < 0 ? {} : parseQuery(target.slice(mark + 1)),
      headers: Object.fromEntries(signedHeaders.map(name => [name, headers[name] ?? ''])),
    };
    const canonicalHeaders = getCanonicalHeaders(request, undefined, new Set(signedHeaders));
    return this.createCanonicalRequest(request, canonicalHeaders, payloadHash);
  }
}

interface Authorization {
  readonly credential: readonly [accessKeyId: string, shortDate: string, region: string, service: string];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly longDate: string;
}

function parseAuthorization(authorization: string, headers: SignedRequest['headers']): Authorization {
  const faults: string[] = [];
  if (!authorization.startsWith(`${ALGORITHM_IDENTIFIER} `)) {
    faults.push(`Unsupported AWS 'algorithm': '${authorization.split(/\s/, 1)[0]}'.`);
  }
  const parts = authorizationParts(authorization, faults);
  const [credential, signature, signedHeaders] = AUTHORIZATION_PARTS.map(name => {
    if (!parts.get(name)) faults.push(`Authorization header requires '${name}' parameter.`);
    return parts.get(name) ?? '';
  });
  const longDate = headers[AMZ_DATE_HEADER];
  if (!longDate) {
    faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  } else if (!/^\d{8}T\d{6}Z$/.test(longDate) || !isDate(longDate)) {
    faults.push(`Date must be in ISO-8601 'basic format'. Got '${longDate}'.`);
  }
  const scope = credential!.split('/');
  if (credential && (scope.length !== 5 || scope[4] !== KEY_TYPE_IDENTIFIER)) {
    faults.push(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'.`,
    );
  }
  const names = signedHeaders!.toLowerCase().split(';');
  if (signedHeaders) faults.push(...unsignedHeaderFaults(names, headers));
  if (faults.length > 0 || !longDate) throw refusal('IncompleteSignatureException', faults.join(' '));
  const [accessKeyId = '', shortDate = '', region = '', service = ''] = scope;
  return {
    credential: [accessKeyId, shortDate, region, service],
    signedHeaders: names,
    signature: signature!,
    longDate,
  };
}

function authorizationParts(authorization: string, faults: string[]): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of authorization.replace(/^\S+\s*/, '').split(/,\s*/)) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0));
    if (AUTHORIZATION_PARTS.includes(name) && !parts.has(name)) parts.set(name, part.slice(equals + 1));
    else if (part !== '' && /=/.test(authorization)) faults.push(`Authorization header must not have '${part}'.`);
  }
  return parts;
}

/** The host, and every header of AWS that is sent, has to be signed. */
function unsignedHeaderFaults(signedHeaders: readonly string[], headers: SignedRequest['headers']): string[] {
  const unsigned = Object.keys(headers).filter(
    name => name.startsWith('x-amz') && name !== UNSIGNED_HEADER && !signedHeaders.includes(name),
  );
  return [
    ...(signedHeaders.includes('host') || signedHeaders.includes(':authority')
      ? []
      : ["'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."]),
    ...unsigned.map(name => `'${name}' must be a 'SignedHeader' in the AWS Authorization.`),
  ];
}

function parseQuery(query: string): Record<string, string | string[]> {
  const bag: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%2B'))) {
    const before = bag[name];
    bag[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return bag;
}

function refusal(errorType: string, message: string): ServiceError {
  return new ServiceError(errorType, 403, { message });
}

function invalidSignature(message: string): ServiceError {
  return refusal('InvalidSignatureException', message);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function sameText(one: string, other: string): boolean {
  return sameBytes(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest());
}

function sameBytes(expected: Uint8Array, received: Uint8Array): boolean {
  return expected.length === received.length && timingSafeEqual(expected, received);
}

/** `20261122T073650Z`, as signatures write dates. */
function longDateOf(date: Date | number): string {
  return new Date(date)
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replace(/[-:]/g, '');
}

/** Whether the digits are those of a day and a time that exist. */
function isDate(longDate: string): boolean {
  const date = parseLongDate(longDate);
  return !Number.isNaN(date.getTime()) && longDateOf(date) === longDate;
}

function parseLongDate(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
