import {
  SageMakerRuntimeClient,
  type SageMakerRuntimeClientConfig,
  type SageMakerRuntimeClientResolvedConfig,
} from '@aws-sdk/client-sagemaker-runtime';
import { type EventStreamResolvedConfig, resolveEventStreamConfig } from '@aws-sdk/middleware-eventstream';
import type { Client } from '@smithy/core/client';
import type { EventStreamPayloadHandlerProvider, HttpHandlerOptions } from '@smithy/types';
import { API_VERSION } from '../../contract';
import { resolveEndpoint } from './endpoint';
import { eventSigningHandlerProvider } from './event-signing';
import { identities } from './identities';
import type { ServiceInputTypes, ServiceOutputTypes } from './models';
import { requestHandler } from './request-handler';
import { errorTypeRegistries, NAMESPACE } from './schemas';

/** Configuration of {@link SageMakerRuntimeHTTP2Client}: that of every AWS client. */
export interface SageMakerRuntimeHTTP2ClientConfig extends SageMakerRuntimeClientConfig {
  /**
   * The signer of the events of the request stream.
   *
   * @default the SDK's signer, no further ahead than the connection has room
   */
  eventStreamPayloadHandlerProvider?: EventStreamPayloadHandlerProvider;
}

/** The configuration of a client with every default in its place. */
export interface SageMakerRuntimeHTTP2ClientResolvedConfig
  extends SageMakerRuntimeClientResolvedConfig,
    EventStreamResolvedConfig {}

const SILENT_LOGGER = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

// The signing, credentials, retry and user-agent machinery is the sibling service's, which shares the signing name and the
// protocol; only its operations are another service's, hence the cast.
const RuntimeClient = SageMakerRuntimeClient as unknown as new (
  configuration: SageMakerRuntimeHTTP2ClientConfig,
) => Client<HttpHandlerOptions, ServiceInputTypes, ServiceOutputTypes, SageMakerRuntimeHTTP2ClientResolvedConfig>;

/**
 * The client of `sagemaker-runtime-http2`, name for name as `@aws-sdk/client-sagemaker-runtime-http2` has it; either can be
 * given to {@link BidiSession}.
 *
 * The endpoint is `endpoint`, else `AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2`, else `AWS_ENDPOINT_URL`, else the same from the
 * shared configuration file, else the region's streaming runtime on port 8443.
 *
 * Its connections keep no process alive; `destroy()` ends them, and every open stream with them.
 */
export class SageMakerRuntimeHTTP2Client extends RuntimeClient {
  constructor(configuration: SageMakerRuntimeHTTP2ClientConfig = {}) {
    super({
      // Without a logger the SDK warns on the console of every failed stream; the failure is thrown as well.
      logger: SILENT_LOGGER,
      serviceId: 'SageMaker Runtime HTTP2',
      endpointProvider: resolveEndpoint,
      protocolSettings: {
        defaultNamespace: NAMESPACE,
        errorTypeRegistries,
        version: API_VERSION,
        serviceTarget: 'AmazonSageMakerRuntimeHttp2',
      },
      ...configuration,
      requestHandler: requestHandler(configuration.requestHandler),
    } as SageMakerRuntimeHTTP2ClientConfig);
    this.config.credentials = identities.remember(this.config.credentials);
    resolveEventStreamConfig(
      Object.assign(this.config, {
        eventStreamPayloadHandlerProvider:
          configuration.eventStreamPayloadHandlerProvider ?? eventSigningHandlerProvider,
      }) as never,
    );
  }
}
