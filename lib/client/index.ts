/**
 * The data plane: stream to an endpoint, local or real.
 */
export * from './runtime-http2';
