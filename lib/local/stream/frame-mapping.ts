import type { Message, MessageHeaders } from '@smithy/types';
import { CompletionState, DataType, EventHeader, PAYLOAD_PART } from '../../contract';
import { type Frame, Opcode } from '../../wire/frame';

/** One `PayloadPart`. */
export interface PayloadPart {
  readonly dataType: DataType;
  readonly completionState: CompletionState;
  readonly payload: Uint8Array;
}

/** A request event that the service's model does not know. */
export class InvalidEventError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** A frame that RFC 6455, sections 5.2 and 5.4, does not allow where it comes. */
export class FrameSequenceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/**
 * From request events to WebSocket frames: exactly one frame for one event, bytes untouched (developer guide, "Container contract
 * to support bidirectional streaming capabilities").
 */
export class EventToFrameMapper {
  /** Type of the message that the last mapped event belongs to. */
  dataType: DataType = DataType.BINARY;
  private insideMessage = false;

  /** @throws InvalidEventError when the event is none that a request may hold. */
  map(event: Message): Frame {
    const { headers } = event;
    const messageType = stringHeader(headers, EventHeader.MESSAGE_TYPE) ?? 'event';
    const eventType = stringHeader(headers, EventHeader.EVENT_TYPE);
    if (messageType !== 'event' || eventType !== PAYLOAD_PART) {
      throw new InvalidEventError(`The request stream takes ${PAYLOAD_PART} events; this one is not.`);
    }
    const dataType = enumHeader(headers, EventHeader.DATA_TYPE, DataType) ?? DataType.BINARY;
    const completionState =
      enumHeader(headers, EventHeader.COMPLETION_STATE, CompletionState) ?? CompletionState.COMPLETE;
    const fin = completionState === CompletionState.COMPLETE;
    const firstOpcode = dataType === DataType.UTF8 ? Opcode.TEXT : Opcode.BINARY;
    // The type of a message is that of its first frame (RFC 6455, section 5.4): later parts continue it whatever they say.
    const opcode = this.insideMessage ? Opcode.CONTINUATION : firstOpcode;
    if (!this.insideMessage) this.dataType = dataType;
    this.insideMessage = !fin;
    return { opcode, fin, payload: event.body };
  }
}

/** From WebSocket frames to response events: exactly one event for one data frame, bytes untouched. */
export class FrameToEventMapper {
  private messageType: DataType | undefined;

  /** @throws FrameSequenceError when a continuation continues nothing, a message begins inside another, or the opcode is reserved. */
  map({ opcode, fin, payload }: Frame): PayloadPart {
    if (opcode === Opcode.CONTINUATION) {
      if (!this.messageType) throw new FrameSequenceError('A continuation frame came without a message to continue.');
    } else if (this.messageType) {
      throw new FrameSequenceError('A new message began inside a fragmented one.');
    }
    if (opcode > Opcode.BINARY) throw new FrameSequenceError(`A frame came with the reserved opcode ${opcode}.`);
    const dataType = this.messageType ?? (opcode === Opcode.TEXT ? DataType.UTF8 : DataType.BINARY);
    this.messageType = fin ? undefined : dataType;
    return { dataType, completionState: fin ? CompletionState.COMPLETE : CompletionState.PARTIAL, payload };
  }
}

function stringHeader(headers: MessageHeaders, name: string): string | undefined {
  const header = headers[name];
  if (header === undefined) return undefined;
  if (header.type !== 'string') throw new InvalidEventError(`The event header "${name}" must be a string.`);
  return header.value;
}

function enumHeader<T extends string>(headers: MessageHeaders, name: string, values: Record<T, T>): T | undefined {
  const value = stringHeader(headers, name);
  if (value === undefined) return undefined;
  if (!Object.hasOwn(values, value)) {
    throw new InvalidEventError(`The event header "${name}" must be one of ${Object.keys(values).join(', ')}.`);
  }
  return value as T;
}
