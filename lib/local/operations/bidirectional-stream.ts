import type { ServerHttp2Stream } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ACCEPT_TIMEOUT_MS,
  BIDIRECTIONAL_STREAM_PATH,
  EVENT_PAYLOAD_LIMIT_BYTES,
  EVENT_STREAM_CONTENT_TYPE,
  invocationPathViolation,
  MeteringHeader,
  queryStringViolation,
  type RunningContainer,
  RuntimeHeader,
  variantNameViolation,
} from '../../contract';
import { FrameSocket } from '../../wire/frame-socket';
import { HandshakeError, HandshakeTimeoutError } from '../../wire/handshake';
import type { InstanceName } from '../local-event';
import type { ServiceRequest } from '../service/loopback-server';
import { handshakeError, inputValidationError } from '../service/service-error';
import { faultOf, injectFaults, type OpenStream, throwOpeningFault } from '../stream/fault-injection';
import type { InjectedFault } from '../stream/injected-fault';
import { MeteringStream, meteringOffer } from '../stream/metering';
import { resetStream, StreamSession } from '../stream/stream-session';
import { checkInput, hostedEndpoint, logStreamArn, type OperationContext } from './operation-context';

/** The operation `InvokeEndpointWithBidirectionalStream`. */
export class BidirectionalStreamOperation {
  private readonly sessions = new Map<string, OpenStream>();

  constructor(private readonly context: OperationContext) {}

  /** Streams that are open now. */
  get openSessions(): number {
    return this.sessions.size;
  }

  /** Injects a fault into a stream that is open, now. @returns false when no such stream is open. */
  inject(requestId: string, fault: InjectedFault): boolean {
    const open = this.sessions.get(requestId);
    if (open) injectFaults([fault], fault.phase, open);
    return open !== undefined;
  }

  /** Resolves when the session is over. @throws ServiceError when it cannot be opened. */
  async handle(request: ServiceRequest, endpointName: string, requestId: string): Promise<void> {
    const { stream, headers } = request;
    const { verifier, clock, observe, observeStream } = this.context;
    if (!stream) throw inputValidationError('InvokeEndpointWithBidirectionalStream needs HTTP/2.');
    const verified = verifier?.verifyRequest(request);
    const chain = verified && verifier?.eventChain(verified);
    const { targetVariant, target } = checkedInput(headers, endpointName);
    const endpoint = hostedEndpoint(this.context, endpointName);
    const faults = this.context.faults.next();
    throwOpeningFault(faults, endpointName);
    if (faultOf(faults, 'reset', 'opening')) {
      resetStream(stream);
      return;
    }
    if (faultOf(faults, 'connection-reset', 'opening')) {
      request.cutConnection();
      return;
    }
    const instance = endpoint.choose(targetVariant);
    const path = target.slice(1);
    const began = performance.now();
    const lease = instance.lease();
    let isBroken = false;
    try {
      const opened = await this.open(stream, instance.name, lease.container, target, requestId, faults);
      if (!opened) return;
      const { webSocket, metering } = opened;
      request.respond(200, {
        'content-type': EVENT_STREAM_CONTENT_TYPE,
        'x-amzn-requestid': requestId,
        [RuntimeHeader.INVOKED_PRODUCTION_VARIANT.toLowerCase()]: instance.name.variant,
      });
      // Before the session is made: frames that came with the handshake are told at once.
      observe({ type: 'session-opened', requestId, path, name: instance.name });
      const session = new StreamSession({
        stream,
        webSocket,
        chain,
        clock,
        behaviours: this.context.behaviours,
        observe: observeStream && (event => observeStream(requestId, event)),
        onPhase: phase => injectFaults(faults, phase, { session, request, container: lease.container }),
      });
      this.sessions.set(requestId, { session, request, container: lease.container });
      const { outcome, message, isBroken: wasBroken = false } = await session.ended;
      isBroken = wasBroken;
      this.sessions.delete(requestId);
      const meter = await metering;
      await meter?.close();
      observe({
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
          metering: meter?.totals ?? {},
          droppedMeteringRecords: meter?.dropped ?? 0,
        },
      });
    } finally {
      lease.release(isBroken);
    }
  }

  private async open(
    stream: ServerHttp2Stream,
    name: InstanceName,
    container: RunningContainer | undefined,
    target: string,
    requestId: string,
    faults: readonly InjectedFault[],
  ): Promise<{ webSocket: FrameSocket; metering: Promise<MeteringStream | undefined> } | undefined> {
    const webSocket = await this.connect(name, container, target, requestId, faults);
    const offer = meteringOffer(webSocket.responseHeaders);
    let metering: Promise<MeteringStream | undefined> = Promise.resolve(undefined);
    if (offer) {
      metering = this.connect(name, container, offer.target, requestId, []).then(
        companion => new MeteringStream(companion, this.context.clock),
      );
      if (offer.isRequired) {
        try {
          await metering;
        } catch (error) {
          webSocket.destroy(1011);
          throw error;
        }
      }
      metering = metering.catch(() => undefined); // without its metadata stream the session only loses its metering
    }
    if (!stream.destroyed) return { webSocket, metering };
    webSocket.destroy(1001);
    await (await metering)?.close();
    return undefined;
  }

  private async connect(
    name: InstanceName,
    container: RunningContainer | undefined,
    target: string,
    requestId: string,
    faults: readonly InjectedFault[],
  ): Promise<FrameSocket> {
    try {
      if (!container) throw new HandshakeError(0, 'The container is not running.');
      if (faultOf(faults, 'crash', 'opening')) {
        container.kill('SIGKILL');
        throw new HandshakeError(0, 'The container is gone.');
      }
      const refusal = faultOf(faults, 'refuse', 'opening');
      if (refusal) throw new HandshakeError(refusal.value, 'Refused by an injected fault.');
      const late = faultOf(faults, 'accept-delay', 'opening')?.value ?? 0;
      await delay(Math.min(late, ACCEPT_TIMEOUT_MS));
      if (late > ACCEPT_TIMEOUT_MS) throw new HandshakeTimeoutError(ACCEPT_TIMEOUT_MS);
      return await FrameSocket.open({
        host: container.host,
        port: container.port,
        target,
        headers: { [MeteringHeader.REQUEST_ID]: requestId },
        timeoutMs: ACCEPT_TIMEOUT_MS,
        payloadLimitBytes: EVENT_PAYLOAD_LIMIT_BYTES,
      });
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      throw handshakeError(error.statusCode, error.message, logStreamArn(this.context.region, name));
    }
  }
}

function checkedInput(
  headers: ServiceRequest['headers'],
  endpointName: string,
): { targetVariant: string | undefined; target: string } {
  const targetVariant = headers[RuntimeHeader.TARGET_VARIANT.toLowerCase()];
  const invocationPath = headers[RuntimeHeader.MODEL_INVOCATION_PATH.toLowerCase()];
  const query = headers[RuntimeHeader.MODEL_QUERY_STRING.toLowerCase()];
  checkInput(
    endpointName,
    targetVariant === undefined ? undefined : variantNameViolation(targetVariant),
    invocationPath === undefined ? undefined : invocationPathViolation(invocationPath),
    query === undefined ? undefined : queryStringViolation(query),
  );
  return { targetVariant, target: `/${invocationPath ?? BIDIRECTIONAL_STREAM_PATH}${query ? `?${query}` : ''}` };
}
