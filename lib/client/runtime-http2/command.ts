import { type EventStreamResolvedConfig, getEventStreamPlugin } from '@aws-sdk/middleware-eventstream';
import { makeBuilder } from '@smithy/core/client';
import { getEndpointPlugin } from '@smithy/core/endpoints';
import type { EndpointParameterInstructions } from '@smithy/types';
import { OPERATION_NAME } from '../../contract';
import type { SageMakerRuntimeHTTP2ClientResolvedConfig } from './client';
import type {
  InvokeEndpointWithBidirectionalStreamCommandInput,
  InvokeEndpointWithBidirectionalStreamCommandOutput,
  ServiceInputTypes,
  ServiceOutputTypes,
} from './models';
import { InvokeEndpointWithBidirectionalStream$ } from './schemas';

const endpointParameters: EndpointParameterInstructions = {
  UseFIPS: { type: 'builtInParams', name: 'useFipsEndpoint' },
  Endpoint: { type: 'builtInParams', name: 'endpoint' },
  Region: { type: 'builtInParams', name: 'region' },
  UseDualStack: { type: 'builtInParams', name: 'useDualstackEndpoint' },
};

const command = makeBuilder<SageMakerRuntimeHTTP2ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>(
  endpointParameters,
  'AmazonSageMakerRuntimeHttp2',
  'SageMakerRuntimeHTTP2Client',
  getEndpointPlugin,
);

/**
 * Opens a stream to a model behind an endpoint. Name for name and field for field the command of
 * `@aws-sdk/client-sagemaker-runtime-http2`.
 *
 * `client.send(command)` resolves with the first response event, not with the response headers: a model that speaks only
 * when spoken to must have its first input in `Body` already. {@link BidiSession} has no such condition.
 */
export class InvokeEndpointWithBidirectionalStreamCommand extends command<
  InvokeEndpointWithBidirectionalStreamCommandInput,
  InvokeEndpointWithBidirectionalStreamCommandOutput
>(
  {},
  (_command, _stack, config: EventStreamResolvedConfig) => [getEventStreamPlugin(config)],
  OPERATION_NAME,
  InvokeEndpointWithBidirectionalStream$,
  { eventStream: { input: true, output: true } },
) {}
