import { randomUUID } from 'node:crypto';
import { constants } from 'node:http2';
import { BIDIRECTIONAL_STREAM_PATH, INVOKE_PATH, RESPONSE_STREAM_PATH, RuntimeHeader } from '../../contract';
import type { ServiceRequest } from '../service/loopback-server';
import { checkSource } from '../service/request-source';
import { internalServerError, ServiceError } from '../service/service-error';
import type { InjectedFault } from '../stream/injected-fault';
import { BidirectionalStreamOperation } from './bidirectional-stream';
import { invoke } from './invocation';
import type { OperationContext } from './operation-context';

/**
 * The plain operations are of an older service model, which has other names for the same errors (API model `sagemaker-runtime`,
 * 2017-05-13).
 */
const PLAIN_ERROR_NAMES: Record<string, string> = {
  InputValidationError: 'ValidationError',
  InternalServerError: 'InternalFailure',
  ServiceUnavailableError: 'ServiceUnavailable',
};

/** Milliseconds that a refused request may go on being sent before its stream is reset. */
const RESET_AFTER_MS = 1_000;

/** Answers the requests of one local SageMaker. */
export class RequestHandler {
  private readonly streaming: BidirectionalStreamOperation;

  constructor(private readonly context: OperationContext) {
    this.streaming = new BidirectionalStreamOperation(context);
  }

  /** Streams that are open now. */
  get openSessions(): number {
    return this.streaming.openSessions;
  }

  /** Injects a fault into a stream that is open, now. @returns false when no such stream is open. */
  inject(requestId: string, fault: InjectedFault): boolean {
    return this.streaming.inject(requestId, fault);
  }

  /** Answers one request. Never rejects. */
  async handle(request: ServiceRequest): Promise<void> {
    const requestId = randomUUID();
    const { endpointName, operation } = route(request);
    try {
      checkSource(request.headers, this.context.region);
      if (operation === BIDIRECTIONAL_STREAM_PATH) {
        await this.streaming.handle(request, endpointName, requestId);
      } else if (operation === INVOKE_PATH || operation === RESPONSE_STREAM_PATH) {
        await invoke(this.context, request, endpointName, requestId, operation === RESPONSE_STREAM_PATH);
      } else {
        throw new ServiceError('UnknownOperationException', 404, {});
      }
    } catch (error) {
      const refused =
        error instanceof ServiceError ? error : internalServerError('The request failed because of an unknown error.');
      this.refuse(request, requestId, refused, operation !== BIDIRECTIONAL_STREAM_PATH);
    }
  }

  private refuse(request: ServiceRequest, requestId: string, error: ServiceError, isPlain: boolean): void {
    const errorType = (isPlain ? PLAIN_ERROR_NAMES[error.errorType] : undefined) ?? error.errorType;
    this.context.observe({
      type: 'refused',
      requestId,
      method: request.method,
      path: request.target,
      containerPath: isPlain ? undefined : containerPath(request.headers),
      containerAnswer: containerAnswer(error),
      statusCode: error.statusCode,
      error: errorType,
      message: error.message,
    });
    const body = error.body();
    const { stream } = request;
    if (stream?.destroyed) return;
    request
      .respond(error.statusCode, {
        'content-type': 'application/json',
        'content-length': body.length,
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': errorType,
      })
      .end(body);
    request.body.resume(); // further data is dropped
    if (stream) {
      const reset = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), RESET_AFTER_MS);
      stream.once('close', () => clearTimeout(reset));
    }
  }
}

/** Path and query of the WebSocket that a request asks for, without a leading slash. */
function containerPath(headers: ServiceRequest['headers']): string {
  const path = headers[RuntimeHeader.MODEL_INVOCATION_PATH.toLowerCase()] ?? BIDIRECTIONAL_STREAM_PATH;
  const query = headers[RuntimeHeader.MODEL_QUERY_STRING.toLowerCase()];
  return query ? `${path}?${query}` : path;
}

function containerAnswer({ fields }: ServiceError): string | undefined {
  const { OriginalStatusCode: status, OriginalMessage: message } = fields;
  if (status === undefined) return undefined;
  return [status === 0 ? '' : status, message].filter(Boolean).join(' ');
}

function route({ method, target }: ServiceRequest): { endpointName: string; operation: string | undefined } {
  const [path = ''] = target.split('?', 1);
  const match = method === 'POST' ? /^\/endpoints\/([^/]+)\/([^/]+)$/.exec(path) : null;
  return { endpointName: decoded(match?.[1] ?? ''), operation: match?.[2] };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // the name is missing in both spellings
  }
}
