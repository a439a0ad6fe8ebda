import { makeBuilder } from '@smithy/core/client';
import { getEndpointPlugin } from '@smithy/core/endpoints';
import type { EndpointParameterInstructions } from '@smithy/types';
import type { SageMakerRuntimeHTTP2ClientResolvedConfig } from './client';
import type { ServiceInputTypes, ServiceOutputTypes } from './models';

const endpointParameters: EndpointParameterInstructions = {
  UseFIPS: { type: 'builtInParams', name: 'useFipsEndpoint' },
  Endpoint: { type: 'builtInParams', name: 'endpoint' },
  Region: { type: 'builtInParams', name: 'region' },
  UseDualStack: { type: 'builtInParams', name: 'useDualstackEndpoint' },
};

/** Makes the commands of the service, as every client of the SDK makes its own. */
export const command = makeBuilder<SageMakerRuntimeHTTP2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>(
  endpointParameters,
  'AmazonSageMakerRuntimeHttp2',
  'SageMakerRuntimeHTTP2Client',
  getEndpointPlugin,
);
