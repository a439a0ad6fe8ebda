import { NodeHttp2Handler, type NodeHttp2HandlerOptions } from '@smithy/node-http-handler';
import { SESSION_LIMIT_MS } from '../../contract';
import type { SageMakerRuntimeHTTP2ClientConfig } from './client';

/**
 * Longest silence on a connection, in milliseconds, before the handler drops it. The SDK's own is five minutes, which would
 * end a quiet stream; the platform lets one live for thirty.
 */
const SILENCE_LIMIT_MS = SESSION_LIMIT_MS + 60_000;

/**
 * Receive window of each stream, in bytes. HTTP/2's initial 65,535 bytes would hold a stream to about 1 MB/s at 60 ms of
 * round trip (RFC 9113, section 6.9.2).
 */
const STREAM_WINDOW_BYTES = 1024 * 1024;

/** The HTTP/2 handler of a client: the caller's own, or the SDK's with limits that a long, quiet, fast stream needs. */
export function requestHandler(
  given: SageMakerRuntimeHTTP2ClientConfig['requestHandler'],
): SageMakerRuntimeHTTP2ClientConfig['requestHandler'] {
  if (given && 'handle' in given) return given;
  const { nodeHttp2ConnectOptions, ...options } = (given ?? {}) as NodeHttp2HandlerOptions;
  return new NodeHttp2Handler({
    sessionTimeout: SILENCE_LIMIT_MS,
    disableConcurrentStreams: true,
    ...options,
    nodeHttp2ConnectOptions: {
      ...nodeHttp2ConnectOptions,
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, ...nodeHttp2ConnectOptions?.settings },
    },
  });
}
