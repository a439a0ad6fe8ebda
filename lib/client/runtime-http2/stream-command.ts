import { type EventStreamResolvedConfig, getEventStreamPlugin } from '@aws-sdk/middleware-eventstream';
import type { StaticOperationSchema, StaticStructureSchema, StaticUnionSchema } from '@smithy/types';
import { OPERATION_NAME, PAYLOAD_PART, StreamErrorName } from '../../contract';
import { command } from './command-builder';
import { InternalStreamFailure, ModelStreamError } from './errors';
import type {
  InvokeEndpointWithBidirectionalStreamCommandInput,
  InvokeEndpointWithBidirectionalStreamCommandOutput,
} from './models';
import {
  InvokeEndpointWithBidirectionalStream$,
  InvokeEndpointWithBidirectionalStreamOutput$,
  ResponsePayloadPart$,
  ResponseStreamEvent$,
} from './schemas';

const [unionKind, namespace, unionName, unionTraits] = ResponseStreamEvent$;
const payloadEvents: StaticUnionSchema = [
  unionKind,
  namespace,
  unionName,
  unionTraits,
  [PAYLOAD_PART],
  [[() => ResponsePayloadPart$, 0]],
];
const [outputKind, , outputName, outputTraits, outputMembers, [body, ...others], required] =
  InvokeEndpointWithBidirectionalStreamOutput$;
const output = [
  outputKind,
  namespace,
  outputName,
  outputTraits,
  outputMembers,
  [[() => payloadEvents, (body as readonly unknown[])[1]], ...others],
  required,
] as StaticStructureSchema;
const [operationKind, , operationName, operationTraits, input] = InvokeEndpointWithBidirectionalStream$;
const operation: StaticOperationSchema = [
  operationKind,
  namespace,
  operationName,
  operationTraits,
  input,
  () => output,
];

/**
 * The command as a session sends it, with any client that it was given.
 *
 * A client makes the errors of a stream by looking their schemas up in a registry of its own: it finds those of its own
 * package only, and makes an object without a name of the others. So this command declares no errors: every client then
 * throws an unknown exception event as an error that has the event's name, and {@link toStreamError} reads it.
 */
export class StreamCommand extends command<
  InvokeEndpointWithBidirectionalStreamCommandInput,
  InvokeEndpointWithBidirectionalStreamCommandOutput
>(
  {},
  (_command, _stack, config: EventStreamResolvedConfig) => [getEventStreamPlugin(config)],
  OPERATION_NAME,
  operation,
  { eventStream: { input: true, output: true } },
) {}

/** The error that an exception event of the stream means; anything else as it is. */
export function toStreamError(error: unknown): unknown {
  const { name, message } = (error ?? {}) as Error;
  if (name !== StreamErrorName.MODEL_STREAM_ERROR && name !== StreamErrorName.INTERNAL_STREAM_FAILURE) return error;
  const fields = parseFields(message);
  if (!fields) return error;
  const StreamError = name === StreamErrorName.MODEL_STREAM_ERROR ? ModelStreamError : InternalStreamFailure;
  const { Message = '' } = fields;
  return Object.assign(new StreamError({ ...fields, message: Message, $metadata: {} }), { message: Message });
}

/** The members of the error. The SDK adds a line of its own to what went wrong before the first event was read. */
function parseFields(text: string): { readonly Message?: string; readonly ErrorCode?: string } | undefined {
  for (const body of [text, text.slice(0, text.lastIndexOf('\n'))]) {
    try {
      const fields: unknown = JSON.parse(body);
      if (typeof fields === 'object' && fields !== null) return fields;
    } catch {
      // Not the body alone, or the error of a client that knows it already.
    }
  }
  return undefined;
}
