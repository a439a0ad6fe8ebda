import { NodeHttp2Handler, type NodeHttp2HandlerOptions } from '@smithy/node-http-handler';
import { SESSION_LIMIT_MS } from '../../contract';
import type { SageMakerRuntimeHTTP2ClientConfig } from './client';

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
 * Streams that share a connection, unless `requestHandler: { maxConcurrentStreams }` says otherwise. One, as in the official
 * client: a connection that breaks then ends one stream and not many.
 */
const STREAMS_PER_CONNECTION = 1;

/** The SDK's HTTP/2 handler, without the connection that it makes and throws away for each event stream. */
class StreamingHttp2Handler extends NodeHttp2Handler {
  override handle(
    ...[request, options]: Parameters<NodeHttp2Handler['handle']>
  ): ReturnType<NodeHttp2Handler['handle']> {
    // Closed to new streams from the first response on, such a connection could be neither pinged nor used again.
    return super.handle(request, { ...options, isEventStream: false } as typeof options);
  }
}

/** The HTTP/2 handler of a client: the caller's own, or the SDK's with limits that a long, quiet, fast stream needs. */
export function requestHandler(
  given: SageMakerRuntimeHTTP2ClientConfig['requestHandler'],
): SageMakerRuntimeHTTP2ClientConfig['requestHandler'] {
  if (given && 'handle' in given) return given;
  const { nodeHttp2ConnectOptions, ...options } = (given ?? {}) as NodeHttp2HandlerOptions;
  return new StreamingHttp2Handler({
    sessionTimeout: SILENCE_LIMIT_MS,
    maxConcurrentStreams: STREAMS_PER_CONNECTION,
    ...options,
    nodeHttp2ConnectOptions: {
      ...nodeHttp2ConnectOptions,
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, ...nodeHttp2ConnectOptions?.settings },
    },
  });
}
