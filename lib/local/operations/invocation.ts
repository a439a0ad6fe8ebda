import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import {
  EVENT_STREAM_CONTENT_TYPE,
  INVOCATION_BODY_LIMIT_BYTES,
  INVOCATION_TIMEOUT_MS,
  INVOCATIONS_PATH,
  RESPONSE_STREAM_TIMEOUT_MS,
  type RunningContainer,
  RuntimeHeader,
  StreamErrorCode,
  variantNameViolation,
} from '../../contract';
import type { HostedInstance } from '../hosting/hosted-instance';
import type { ServiceRequest } from '../service/loopback-server';
import {
  inputValidationError,
  modelError,
  modelStreamError,
  requestTimeout,
  type ServiceError,
} from '../service/service-error';
import { encodeError, encodePlainPayloadPart } from '../stream/response-event';
import { checkInput, hostedEndpoint, logStreamArn, type OperationContext } from './operation-context';

/** Request headers that the platform hands to the container (API reference, `InvokeEndpoint`). */
const FORWARDED_REQUEST_HEADERS = [
  'content-type',
  'accept',
  'x-amzn-sagemaker-custom-attributes',
  'x-amzn-sagemaker-target-model',
  'x-amzn-sagemaker-inference-id',
  'x-amzn-sagemaker-session-id',
];

/** Response headers of the container that the platform hands to the caller (API reference, `InvokeEndpoint`). */
const FORWARDED_RESPONSE_HEADERS = [
  'x-amzn-sagemaker-custom-attributes',
  'x-amzn-sagemaker-new-session-id',
  'x-amzn-sagemaker-closed-session-id',
];

/** Longest answer of a failing container that is repeated in the error, in bytes. */
const ORIGINAL_MESSAGE_LIMIT_BYTES = 4_096;

/**
 * The operations `InvokeEndpoint` and, where streamed, `InvokeEndpointWithResponseStream`: one request to the container's
 * `/invocations`.
 *
 * @throws ServiceError
 */
export async function invoke(
  context: OperationContext,
  request: ServiceRequest,
  endpointName: string,
  requestId: string,
  streamed: boolean,
): Promise<void> {
  const { headers } = request;
  context.verifier?.verifyBeforeBody(request);
  const body = await readBody(context, request);
  context.verifier?.verifyRequest(request, createHash('sha256').update(body).digest('hex'));
  const targetVariant = headers[RuntimeHeader.TARGET_VARIANT.toLowerCase()];
  checkInput(endpointName, targetVariant === undefined ? undefined : variantNameViolation(targetVariant));
  const instance = hostedEndpoint(context, endpointName).choose(targetVariant);
  const began = performance.now();
  const lease = instance.lease();
  try {
    const answer = await ask(context, instance, lease.container, forwardedHeaders(headers, streamed), body, streamed);
    const responseHeaders = {
      'x-amzn-requestid': requestId,
      [RuntimeHeader.INVOKED_PRODUCTION_VARIANT.toLowerCase()]: instance.name.variant,
      ...picked(answer.headers, FORWARDED_RESPONSE_HEADERS),
    };
    const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
    if (streamed) {
      await answerWithEvents(context, request, answer, {
        ...responseHeaders,
        'content-type': EVENT_STREAM_CONTENT_TYPE,
        'x-amzn-sagemaker-content-type': contentType,
      });
    } else {
      const whole = await readWhole(context, instance, answer);
      request
        .respond(200, { ...responseHeaders, 'content-type': contentType, 'content-length': whole.length })
        .end(whole);
    }
    context.observe({
      type: 'invoked',
      requestId,
      name: instance.name,
      statusCode: 200,
      durationMs: performance.now() - began,
    });
  } finally {
    lease.release();
  }
}

async function readBody({ clock }: OperationContext, { body }: ServiceRequest): Promise<Buffer> {
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    deadline = clock.setTimeout(() => reject(requestTimeout()), INVOCATION_TIMEOUT_MS);
  });
  try {
    const whole = await Promise.race([readUpTo(body, INVOCATION_BODY_LIMIT_BYTES), late]);
    if (!whole) throw inputValidationError(`The body is longer than ${INVOCATION_BODY_LIMIT_BYTES} bytes.`);
    return whole;
  } finally {
    clearTimeout(deadline);
  }
}

/** All bytes of a body, or undefined as soon as there are more than the limit; then it goes on unread. */
async function readUpTo(body: Readable, limitBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > limitBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

function forwardedHeaders(headers: ServiceRequest['headers'], streamed: boolean): Record<string, string> {
  const forwarded = picked(headers, FORWARDED_REQUEST_HEADERS);
  const accept = headers['x-amzn-sagemaker-accept'];
  if (streamed && accept !== undefined) forwarded.accept = accept;
  return forwarded;
}

function picked(headers: Readonly<Record<string, string | string[] | undefined>>, names: readonly string[]) {
  const chosen: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string') chosen[name] = value;
  }
  return chosen;
}

/** Resolves with the container's 200; every other answer is an error. */
async function ask(
  context: OperationContext,
  instance: HostedInstance,
  container: RunningContainer | undefined,
  headers: Record<string, string>,
  body: Buffer,
  streamed: boolean,
): Promise<IncomingMessage> {
  if (!container) throw unanswered(context, instance, 'The container is not running.');
  const asked = httpRequest({
    host: container.host,
    port: container.port,
    path: INVOCATIONS_PATH,
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  });
  const timeoutMs = streamed ? RESPONSE_STREAM_TIMEOUT_MS : INVOCATION_TIMEOUT_MS;
  const deadline = context.clock.setTimeout(() => asked.destroy(new InvocationTimeout()), timeoutMs);
  asked.on('close', () => clearTimeout(deadline));
  asked.end(body);
  let answer: IncomingMessage;
  try {
    [answer] = (await once(asked, 'response')) as [IncomingMessage];
  } catch (error) {
    throw unanswered(
      context,
      instance,
      error instanceof InvocationTimeout ? timeoutMessage(instance) : 'The container closed the connection.',
    );
  }
  const statusCode = answer.statusCode ?? 0;
  if (statusCode >= 200 && statusCode < 300) return answer;
  const original = await readStart(answer);
  const kind = statusCode >= 500 ? 'server' : 'client';
  const arn = logStreamArn(context.region, instance.name);
  throw modelError(
    `Received ${kind} error (${statusCode}) from ${instance.name.variant} with message "${original}". See ${arn} for more information.`,
    statusCode,
    original,
    arn,
  );
}

class InvocationTimeout extends Error {}

function timeoutMessage(instance: HostedInstance): string {
  return `Your invocation timed out while waiting for a response from container ${instance.name.variant}. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.`;
}

function unanswered(context: OperationContext, instance: HostedInstance, message: string): ServiceError {
  return modelError(
    `Received server error (0) from ${instance.name.variant} with message "${message}"`,
    0,
    message,
    logStreamArn(context.region, instance.name),
  );
}

async function readStart(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= ORIGINAL_MESSAGE_LIMIT_BYTES) break;
    }
  } catch {
    // the error quotes the part that arrived
  }
  return Buffer.concat(pieces).subarray(0, ORIGINAL_MESSAGE_LIMIT_BYTES).toString();
}

async function readWhole(
  context: OperationContext,
  instance: HostedInstance,
  answer: IncomingMessage,
): Promise<Buffer> {
  let whole: Buffer | undefined;
  try {
    whole = await readUpTo(answer, INVOCATION_BODY_LIMIT_BYTES);
  } catch (error) {
    throw unanswered(
      context,
      instance,
      error instanceof InvocationTimeout
        ? timeoutMessage(instance)
        : 'The container closed the connection in the middle of its answer.',
    );
  }
  if (whole) return whole;
  answer.destroy();
  throw unanswered(
    context,
    instance,
    `The answer of the container is longer than ${INVOCATION_BODY_LIMIT_BYTES} bytes.`,
  );
}

/** The container's output as it arrives: one event for each piece. */
async function answerWithEvents(
  context: OperationContext,
  request: ServiceRequest,
  answer: IncomingMessage,
  headers: Record<string, string>,
): Promise<void> {
  const response = request.respond(200, headers);
  const gone = once(response, 'close').then(() => 'gone' as const);
  // The deadline of the request goes with the request; the stream has one of its own.
  const deadline = context.clock.setTimeout(() => answer.destroy(new InvocationTimeout()), RESPONSE_STREAM_TIMEOUT_MS);
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      if (response.write(encodePlainPayloadPart(piece))) continue;
      const next = await Promise.race([once(response, 'drain'), gone]);
      if (next === 'gone') return;
    }
  } catch (error) {
    response.write(
      encodeError(
        error instanceof InvocationTimeout
          ? modelStreamError(
              'The model failed to finish sending the response within the timeout period.',
              StreamErrorCode.MODEL_INVOCATION_TIME_EXCEEDED,
            )
          : modelStreamError('The connection to the model container was closed.', StreamErrorCode.STREAM_BROKEN),
      ),
    );
  } finally {
    clearTimeout(deadline);
    response.end();
  }
}
