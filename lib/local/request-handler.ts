import { randomUUID } from 'node:crypto';
import { constants } from 'node:http2';
import {
  ACCEPT_TIMEOUT_MS,
  BIDIRECTIONAL_STREAM_PATH,
  EVENT_STREAM_CONTENT_TYPE,
  endpointLogGroup,
  endpointNameFault,
  invocationPathFault,
  MeteringHeader,
  queryStringFault,
  RuntimeHeader,
  variantNameFault,
} from '../contract';
import type { Clock } from './clock';
import type { Exchange } from './front';
import type { HostedEndpoint } from './hosted-endpoint';
import type { HostedInstance } from './hosted-instance';
import { LOCAL_ACCOUNT } from './local-account';
import type { InstanceName, LocalObserver } from './local-event';
import { handshakeError, inputValidationError, internalServerError, ServiceError } from './service-error';
import { HandshakeFailure, Sidecar } from './sidecar';
import type { SignatureVerifier } from './signature-verification';
import { StreamSession } from './stream-session';

export interface RequestHandlerOptions {
  readonly endpoints: ReadonlyMap<string, HostedEndpoint>;
  readonly region: string;
  /** Undefined where signatures are not verified. */
  readonly verifier: SignatureVerifier | undefined;
  readonly clock: Clock;
  readonly observe: LocalObserver;
}

/** Answers the requests of one local SageMaker. */
export class RequestHandler {
  readonly #sessions = new Set<StreamSession>();

  constructor(private readonly options: RequestHandlerOptions) {}

  /** Streams that are open now. */
  get openSessions(): number {
    return this.#sessions.size;
  }

  /** Resolves when every stream that is open now is over. */
  async drained(): Promise<void> {
    await Promise.all([...this.#sessions].map(session => session.ended));
  }

  /** Answers one request. Never rejects. */
  async handle(exchange: Exchange): Promise<void> {
    const requestId = randomUUID();
    try {
      await this.#route(exchange, requestId);
    } catch (error) {
      const refused =
        error instanceof ServiceError ? error : internalServerError('The request failed because of an unknown error.');
      this.#refuse(exchange, requestId, refused);
    }
  }

  async #route(exchange: Exchange, requestId: string): Promise<void> {
    const [path = ''] = exchange.target.split('?', 1);
    const match = /^\/endpoints\/([^/]+)\/([^/]+)$/.exec(path);
    const operation = exchange.method === 'POST' ? match?.[2] : undefined;
    if (!match || operation !== BIDIRECTIONAL_STREAM_PATH) {
      throw new ServiceError('UnknownOperationException', 404, {});
    }
    await this.#stream(exchange, decodeName(match[1]!), requestId);
  }

  async #stream(exchange: Exchange, endpointName: string, requestId: string): Promise<void> {
    const { stream } = exchange;
    if (!stream) throw inputValidationError('InvokeEndpointWithBidirectionalStream needs HTTP/2.');
    const verified = this.options.verifier?.verifyRequest(exchange);
    const chain = verified && this.options.verifier?.eventChain(verified);
    const { targetVariant, target } = validated(exchange.headers, endpointName);
    const instance = this.#endpoint(endpointName).choose(targetVariant);
    const path = target.slice(1);
    instance.openSessions += 1;
    const began = performance.now();
    let session: StreamSession;
    try {
      const sidecar = await this.#connect(instance, target, requestId);
      if (stream.destroyed) {
        sidecar.destroy(1001);
        instance.openSessions -= 1;
        return;
      }
      exchange.respond(200, {
        'content-type': EVENT_STREAM_CONTENT_TYPE,
        'x-amzn-requestid': requestId,
        [RuntimeHeader.INVOKED_PRODUCTION_VARIANT.toLowerCase()]: instance.name.variant,
      });
      session = new StreamSession({ stream, sidecar, chain, clock: this.options.clock });
    } catch (error) {
      instance.openSessions -= 1;
      throw error;
    }
    this.#sessions.add(session);
    this.options.observe({ type: 'session-opened', requestId, path, name: instance.name });
    const { outcome, message } = await session.ended;
    this.#sessions.delete(session);
    instance.openSessions -= 1;
    this.options.observe({
      type: 'session-ended',
      session: {
        ...instance.name,
        requestId,
        path,
        durationMs: performance.now() - began,
        firstResponseMs: session.firstResponseAt === undefined ? undefined : session.firstResponseAt - began,
        received: session.received,
        sent: session.sent,
        outcome,
        message,
        metering: {},
      },
    });
  }

  async #connect(instance: HostedInstance, target: string, requestId: string): Promise<Sidecar> {
    const container = instance.container;
    const logStreamArn = this.#logStreamArn(instance.name);
    if (!container) throw handshakeError(0, 'The container is not running.', logStreamArn);
    try {
      return await Sidecar.connect({
        host: container.host,
        port: container.port,
        target,
        headers: { [MeteringHeader.REQUEST_ID]: requestId },
        acceptTimeoutMs: ACCEPT_TIMEOUT_MS,
      });
    } catch (error) {
      if (!(error instanceof HandshakeFailure)) throw error;
      throw handshakeError(error.statusCode, error.message, logStreamArn);
    }
  }

  #endpoint(name: string): HostedEndpoint {
    const endpoint = this.options.endpoints.get(name);
    if (!endpoint) throw inputValidationError(`Endpoint ${name} of account ${LOCAL_ACCOUNT} not found.`);
    return endpoint;
  }

  #logStreamArn({ endpoint, variant, instance }: InstanceName): string {
    return `arn:aws:logs:${this.options.region}:${LOCAL_ACCOUNT}:log-group:${endpointLogGroup(endpoint)}:log-stream:${variant}/local-${instance}`;
  }

  #refuse(exchange: Exchange, requestId: string, error: ServiceError): void {
    this.options.observe({
      type: 'refused',
      requestId,
      method: exchange.method,
      path: exchange.target,
      statusCode: error.statusCode,
      error: error.errorType,
      message: error.message,
    });
    const body = error.body();
    const { stream } = exchange;
    if (stream?.destroyed) return;
    exchange
      .respond(error.statusCode, {
        'content-type': 'application/json',
        'content-length': body.length,
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': error.errorType,
      })
      .end(body);
    exchange.body.resume();
    if (stream) {
      const reset = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), 1_000);
      stream.once('close', () => clearTimeout(reset));
    }
  }
}

function decodeName(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // no name either way
  }
}

function validated(
  headers: Exchange['headers'],
  endpointName: string,
): { targetVariant: string | undefined; target: string } {
  const targetVariant = headers[RuntimeHeader.TARGET_VARIANT.toLowerCase()];
  const invocationPath = headers[RuntimeHeader.MODEL_INVOCATION_PATH.toLowerCase()];
  const query = headers[RuntimeHeader.MODEL_QUERY_STRING.toLowerCase()];
  const faults = [
    endpointNameFault(endpointName),
    targetVariant === undefined ? undefined : variantNameFault(targetVariant),
    invocationPath === undefined ? undefined : invocationPathFault(invocationPath),
    query === undefined ? undefined : queryStringFault(query),
  ].filter(fault => fault !== undefined);
  if (faults.length > 0) throw inputValidationError(faults.join(' '));
  return { targetVariant, target: `/${invocationPath ?? BIDIRECTIONAL_STREAM_PATH}${query ? `?${query}` : ''}` };
}
