/**
 * The service `sagemaker-runtime-http2` as a thin layer over the AWS SDK, with the names of the official package.
 */
export * from './client';
export * from './command';
export type { ClientInputEndpointParameters } from './endpoint';
export * from './errors';
export type * from './models';
export * from './service-exception';
