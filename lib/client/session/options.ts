import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import type { BidiClient, StreamTarget } from '../stream/bidi-stream';
import type { RetryOptions } from '../stream/retry';
import type { KeepAliveOptions } from './keep-alive';
import type { ResumeOptions } from './resume';

/** Options of {@link BidiSession.open}. */
export interface BidiSessionOptions extends StreamTarget {
  /** Name of the endpoint: 1 to 63 letters, digits and hyphens. */
  readonly endpointName: string;
  /**
   * Production variant that is to answer.
   *
   * @default the endpoint's own choice, by weight
   */
  readonly targetVariant?: string;
  /**
   * Path of the container's WebSocket, without a leading slash, such as `v1/listen`.
   *
   * @default invocations-bidirectional-stream
   */
  readonly modelInvocationPath?: string;
  /**
   * Query string of the container's WebSocket, percent-encoded, without a leading `?`.
   *
   * @default none
   */
  readonly modelQueryString?: string;
  /**
   * The client that sends the request: the kit's `SageMakerRuntimeHTTP2Client`, the official one, or anything with its
   * `send(command)`. The session does not destroy it. Sessions that share a client share its credentials and connections.
   *
   * @default a client of the session's own, made of `region`, `credentials` and `endpoint`
   */
  readonly client?: BidiClient;
  /**
   * Region of the endpoint. Only without `client`.
   *
   * @default as the AWS SDK finds it
   */
  readonly region?: string;
  /**
   * Credentials to sign with. Only without `client`.
   *
   * @default as the AWS SDK finds them
   */
  readonly credentials?: AwsCredentialIdentity | AwsCredentialIdentityProvider;
  /**
   * URI of the streaming runtime. Only without `client`.
   *
   * @default as the AWS SDK finds it, else the region's runtime on port 8443
   */
  readonly endpoint?: string;
  /**
   * Bound of the open, retries included, in milliseconds. Generous enough for a burst of hundreds of streams at a cold
   * endpoint, each with its own connection.
   *
   * @default 30000
   */
  readonly openTimeoutMs?: number;
  /**
   * Bound of the wait for the last responses in `close()`, in milliseconds.
   *
   * @default 15000
   */
  readonly drainTimeoutMs?: number;
  /**
   * Ends the session at once, whatever it does. `AbortSignal.timeout(ms)` makes a deadline for the whole session.
   *
   * @default none
   */
  readonly abortSignal?: AbortSignal;
  /**
   * How an open that fails on throttling, connection, HTTP 424 or a fault of the platform is repeated; `false` never. Other
   * 4xx are never repeated.
   *
   * @default 5 attempts with full jitter
   */
  readonly retry?: RetryOptions | false;
  /**
   * How to go on when the stream breaks.
   *
   * @default not at all: the break is thrown
   */
  readonly resume?: ResumeOptions;
  /**
   * A message of the protocol to keep the model from hanging up. The connection itself is kept alive without it.
   *
   * @default none
   */
  readonly keepAlive?: KeepAliveOptions;
  /**
   * Most payload of one received message, in bytes.
   *
   * @default 104857600 (100 MiB)
   */
  readonly maxMessageBytes?: number;
}
