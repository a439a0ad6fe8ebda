import { type EventStreamResolvedConfig, getEventStreamPlugin } from '@aws-sdk/middleware-eventstream';
import { OPERATION_NAME } from '../../contract';
import { command } from './command-builder';
import type {
  InvokeEndpointWithBidirectionalStreamCommandInput,
  InvokeEndpointWithBidirectionalStreamCommandOutput,
} from './models';
import { InvokeEndpointWithBidirectionalStream$ } from './schemas';

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
