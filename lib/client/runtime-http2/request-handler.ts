import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import type { SageMakerRuntimeClientConfig } from '@aws-sdk/client-sagemaker-runtime';
import { NodeHttp2Handler, type NodeHttp2HandlerOptions } from '@smithy/node-http-handler';
import { SESSION_LIMIT_MS } from '../../contract';

/**
 * Longest silence on a connection, in milliseconds, before the handler drops it. The SDK's own is five minutes, which would
 * end a quiet stream; the platform lets one live for thirty.
 */
const SILENCE_LIMIT_MS = SESSION_LIMIT_MS + 60_000;

/**
 * Receive window of each stream, in bytes: at a round trip of 60 ms, 4 MB/s. HTTP/2's initial 65,535 bytes would allow 1 MB/s
 * (RFC 9113, section 6.9.2). It is also what a slow reader holds in memory at most.
 */
const STREAM_WINDOW_BYTES = 256 * 1024;

/**
 * Megabytes that Node.js holds for one connection before it refuses new streams on it. Its own 10 are less than one event of 24
 * MiB; what is in flight is bounded by flow control and by what the application sends without waiting.
 */
const SESSION_MEMORY_MEGABYTES = 1_024;

/**
 * Streams that share a connection, unless `requestHandler: { maxConcurrentStreams }` says otherwise. One, as in the official
 * client: a connection that breaks then ends one stream and not many.
 */
const STREAMS_PER_CONNECTION = 1;

interface ConnectFailure {
  readonly error: Error;
  readonly at: number;
}

/**
 * The SDK's HTTP/2 handler, without the connection that it makes and throws away for each event stream, and with the reason
 * why a connection failed.
 */
class StreamingHttp2Handler extends NodeHttp2Handler {
  private readonly connectFailures: Map<string, ConnectFailure>;

  constructor({ nodeHttp2ConnectOptions, ...options }: NodeHttp2HandlerOptions) {
    const connectFailures = new Map<string, ConnectFailure>();
    super({
      sessionTimeout: SILENCE_LIMIT_MS,
      maxConcurrentStreams: STREAMS_PER_CONNECTION,
      ...options,
      nodeHttp2ConnectOptions: {
        createConnection: (authority, connectOptions) =>
          connect(authority, connectOptions as TlsConnectionOptions).once('error', error =>
            connectFailures.set(authority.host, { error, at: performance.now() }),
          ),
        maxSessionMemory: SESSION_MEMORY_MEGABYTES,
        ...nodeHttp2ConnectOptions,
        settings: { initialWindowSize: STREAM_WINDOW_BYTES, ...nodeHttp2ConnectOptions?.settings },
      },
    });
    this.connectFailures = connectFailures;
  }

  override async handle(
    ...[request, options]: Parameters<NodeHttp2Handler['handle']>
  ): ReturnType<NodeHttp2Handler['handle']> {
    const startedAt = performance.now();
    try {
      // Closed to new streams from the first response on, an event stream's own connection could be neither pinged nor used again.
      return await super.handle(request, { ...options, isEventStream: false } as typeof options);
    } catch (error) {
      // Node reports a connection that failed as a stream that was aborted.
      const host = request.port ? `${request.hostname}:${request.port}` : request.hostname;
      const failure = this.connectFailures.get(host);
      if (!failure || failure.at < startedAt || options?.abortSignal?.aborted) throw error;
      throw new Error(failure.error.message, { cause: failure.error });
    }
  }
}

/** Connects as `http2.connect` does by itself. */
function connect(authority: URL, options: TlsConnectionOptions): Duplex {
  const host = authority.hostname.replace(/^\[|\]$/g, '');
  const port = Number(authority.port || (authority.protocol === 'http:' ? 80 : 443));
  if (authority.protocol === 'http:') return connectTcp({ host, port });
  return connectTls({ ...options, host, port, ALPNProtocols: ['h2'], servername: isIP(host) ? undefined : host });
}

/** The HTTP/2 handler of a client: the caller's own, or the SDK's with limits that a long, quiet, fast stream needs. */
export function requestHandler(
  given: SageMakerRuntimeClientConfig['requestHandler'],
): SageMakerRuntimeClientConfig['requestHandler'] {
  return given && 'handle' in given ? given : new StreamingHttp2Handler((given ?? {}) as NodeHttp2HandlerOptions);
}
