import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SageMakerRuntimeClient, SageMakerRuntimeClientConfig } from '@aws-sdk/client-sagemaker-runtime';
import {
  BidiSession,
  InvokeEndpointWithBidirectionalStreamCommand,
  type RequestPayloadPart,
  SageMakerRuntimeHTTP2Client,
  type SageMakerRuntimeHTTP2ClientConfig,
  type StreamTarget,
} from '../client';
import { ORDERLY, outcomeOf } from './outcome';
import { ProbeSession, type ReceivedPart } from './probe-session';

/** Path of the echo container's probe. */
const PROBE_PATH = 'probe';

/** Bound of one open, in milliseconds. A cold connection to a region far away takes one or two seconds. */
const OPEN_TIMEOUT_MS = 15_000;

/** The endpoint that a run plays its probes against. */
export interface EndpointUnderTestOptions {
  /** Name of the endpoint. Its container is the echo container of this kit, or what {@link ProbeContainer} says. */
  readonly endpointName: string;
  /** Whether a local SageMaker answers, or AWS. */
  readonly where: 'aws' | 'local';
  /** What a client needs to reach it: region, credentials, endpoint, trust. Each probe that needs one makes a client of its own. */
  readonly client: SageMakerRuntimeHTTP2ClientConfig;
  /** How many times faster than real time the platform's long waits pass there. @default 1 */
  readonly clockScale?: number;
}

/** A request as a probe sends it without the checks of {@link BidiSession}. */
export interface RawRequest extends Partial<StreamTarget> {
  /** Events to send. @default - one that asks the container for a report, so that there is an answer */
  readonly parts?: readonly RequestPayloadPart[];
  /** The client that sends it. @default - a client with valid settings */
  readonly client?: SageMakerRuntimeHTTP2Client;
}

/** Streams, requests and clients for one endpoint, for the probes. */
export class EndpointUnderTest implements Disposable {
  private readonly shared: SageMakerRuntimeHTTP2Client;
  private readonly clients: { destroy(): void }[] = [];

  constructor(readonly options: EndpointUnderTestOptions) {
    this.shared = this.client();
  }

  /** Region that requests are signed for. */
  region(): Promise<string> {
    return this.shared.config.region();
  }

  /** The real duration, in milliseconds, of a platform duration in milliseconds. */
  realMs(platformMs: number): number {
    return platformMs / (this.options.clockScale ?? 1);
  }

  /** Waits for a duration of the platform, in milliseconds. */
  async wait(platformMs: number): Promise<void> {
    await delay(this.realMs(platformMs));
  }

  /** A client with other settings. It never repeats a request. */
  client(changes: Partial<SageMakerRuntimeHTTP2ClientConfig> = {}): SageMakerRuntimeHTTP2Client {
    const client = new SageMakerRuntimeHTTP2Client({ ...this.options.client, maxAttempts: 1, ...changes });
    this.clients.push(client);
    return client;
  }

  /** A client of the plain invocations. */
  async plainClient(): Promise<SageMakerRuntimeClient> {
    const { SageMakerRuntimeClient } = await import('@aws-sdk/client-sagemaker-runtime');
    const { requestHandler, ...configuration } = this.options.client;
    const ca = (requestHandler as { nodeHttp2ConnectOptions?: { ca?: string } } | undefined)?.nodeHttp2ConnectOptions
      ?.ca;
    const client = new SageMakerRuntimeClient({
      ...(configuration as SageMakerRuntimeClientConfig),
      maxAttempts: 1,
      ...(ca === undefined ? {} : { requestHandler: { httpsAgent: { ca } } }),
    });
    this.clients.push(client);
    return client;
  }

  /** Opens a stream, one attempt. @throws SessionError */
  openSession(target: Partial<StreamTarget> = {}): Promise<BidiSession> {
    return BidiSession.open({
      endpointName: this.options.endpointName,
      client: this.shared,
      retry: false,
      openTimeoutMs: OPEN_TIMEOUT_MS,
      ...target,
    });
  }

  /**
   * Opens a stream to the probe path of the container.
   *
   * @param query more of the query, such as `status=503`
   * @throws SessionError
   */
  async open(query = ''): Promise<ProbeSession> {
    const name = randomUUID();
    const modelQueryString = [`session=${name}`, query].filter(Boolean).join('&');
    const session = await this.openSession({ modelInvocationPath: PROBE_PATH, modelQueryString });
    return new ProbeSession(session, name);
  }

  /** Opens a stream. @returns `opened`, or the refusal */
  async opening(target: Partial<StreamTarget>): Promise<string> {
    try {
      const session = await this.openSession(target);
      session.abort();
      return 'opened';
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Sends a request by the SDK's command without a session. @returns how the request ended */
  async request(request: RawRequest): Promise<{ readonly parts: readonly ReceivedPart[]; readonly end: string }> {
    const { endpointName = this.options.endpointName, client = this.shared, targetVariant } = request;
    const { parts = [{ Bytes: Buffer.from('{"probe":"report"}'), DataType: 'UTF8' }] } = request;
    const received: ReceivedPart[] = [];
    try {
      const { Body } = await client.send(
        new InvokeEndpointWithBidirectionalStreamCommand({
          EndpointName: endpointName,
          TargetVariant: targetVariant,
          ModelInvocationPath: 'modelInvocationPath' in request ? request.modelInvocationPath : PROBE_PATH,
          ModelQueryString: request.modelQueryString,
          Body: events(parts),
        }),
        { abortSignal: AbortSignal.timeout(OPEN_TIMEOUT_MS) },
      );
      for await (const { PayloadPart, ModelStreamError, InternalStreamFailure } of Body!) {
        if (ModelStreamError ?? InternalStreamFailure) throw ModelStreamError ?? InternalStreamFailure;
        if (!PayloadPart) continue;
        const kind = `${PayloadPart.DataType} ${PayloadPart.CompletionState}`;
        received.push({ bytes: Buffer.from(PayloadPart.Bytes ?? []), kind });
      }
      return { parts: received, end: ORDERLY };
    } catch (error) {
      return { parts: received, end: outcomeOf(error) };
    }
  }

  [Symbol.dispose](): void {
    for (const client of this.clients.splice(0)) client.destroy();
  }
}

async function* events(parts: readonly RequestPayloadPart[]) {
  for (const PayloadPart of parts) yield { PayloadPart };
}
