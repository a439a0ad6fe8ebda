import { constants, type ServerHttp2Stream } from 'node:http2';
import {
  type Behaviours,
  CompletionState,
  EVENT_HEADERS_LIMIT_BYTES,
  EVENT_PAYLOAD_LIMIT_BYTES,
  EventHeader,
  MODEL_STREAM_ERROR_FRAME,
  SESSION_LIMIT_MS,
  StreamErrorCode,
  WEBSOCKET_PING_INTERVAL_MS,
  WEBSOCKET_PING_TOLERANCE,
} from '../../contract';
import { decodeEvent } from '../../wire/event-codec';
import { EventStreamDecoder, EventTooLargeError, MalformedEventStreamError } from '../../wire/event-stream-decoder';
import { type Frame, Opcode } from '../../wire/frame';
import type { FrameSocket, FrameSocketListener, WebSocketEnd } from '../../wire/frame-socket';
import type { Clock } from '../clock';
import { internalStreamFailure, modelStreamError, ServiceError } from '../service/service-error';
import type { EventSignatureChain } from '../service/signature-verification';
import type { StreamEvent } from '../stream-event';
import { FrameJoiner } from './frame-joiner';
import { EventToFrameMapper, FrameSequenceError, FrameToEventMapper, InvalidEventError } from './frame-mapping';
import { encodeError, encodePayloadPart } from './response-event';

/** Longest payload of one event, in bytes, by the value of the behaviour `largest-event`. */
const LARGEST_EVENT_BYTES = { '24-mib': EVENT_PAYLOAD_LIMIT_BYTES, '1-mib': 1024 * 1024 } as const;

/** Time without an event after which a stream is reset, in milliseconds, by the value of the behaviour `idle-timeout`. */
const IDLE_TIMEOUT_MS = { none: undefined, '60-seconds': 60_000, '350-seconds': 350_000 } as const;

/** Longest event: the longest payload in its own event, inside the longest signing event. */
const EVENT_LIMIT_BYTES = EVENT_PAYLOAD_LIMIT_BYTES + 2 * EVENT_HEADERS_LIMIT_BYTES;

/** Longest text frame that is looked at as a structured error, in bytes. */
const ERROR_FRAME_LIMIT_BYTES = 16 * 1024;

/** Milliseconds that a response which has ended waits for the request to end before it is reset. */
const RESET_AFTER_MS = 1_000;

/** Milliseconds that the container may go on sending after the client ended its input. */
const DRAIN_LIMIT_MS = 60_000;

export interface StreamSessionOptions {
  readonly stream: ServerHttp2Stream;
  readonly webSocket: FrameSocket;
  /** Chain of the events' signatures, or undefined where signatures are not verified. */
  readonly chain: EventSignatureChain | undefined;
  readonly clock: Clock;
  /** The behaviour chosen where no public source settles it. */
  readonly behaviours: Required<Behaviours>;
  /** Called once when the session reaches a phase, before anything of the phase happens. */
  readonly onPhase?: (phase: 'streaming' | 'closing') => void;
  /**
   * Called with each step of the session.
   *
   * @default - steps are dropped
   */
  readonly observe?: ((event: StreamEvent) => void) | undefined;
}

/** How a session ended. */
export interface SessionEnd {
  /** `ended`, `aborted`, or the name of the error. */
  readonly outcome: string;
  readonly message?: string;
  /** Whether the container was gone without a close frame. */
  readonly isBroken?: boolean;
}

/**
 * One open stream: events of the client to frames of the container and back, one for one, with backpressure both ways.
 *
 * Bytes wait in the sockets' own buffers only: a container that does not read stops the reading of the HTTP/2 stream, whose flow
 * control window then stops the client; a client that does not read stops the reading of the container's socket.
 */
export class StreamSession implements FrameSocketListener {
  readonly received = { events: 0, bytes: 0 };
  readonly sent = { events: 0, bytes: 0 };
  /** When the first response event was written, in milliseconds of `performance.now()`. */
  firstResponseAt: number | undefined;
  /** Resolves when the session is over. */
  readonly ended: Promise<SessionEnd>;

  private readonly stream: ServerHttp2Stream;
  private readonly webSocket: FrameSocket;
  private readonly chain: EventSignatureChain | undefined;
  private readonly clock: Clock;
  private readonly toFrame = new EventToFrameMapper();
  private readonly toEvent = new FrameToEventMapper();
  private readonly requestJoiner: FrameJoiner | undefined;
  private readonly responseJoiner: FrameJoiner | undefined;
  private readonly decoder = new EventStreamDecoder(EVENT_LIMIT_BYTES, event => this.onEvent(event));
  private readonly limit: NodeJS.Timeout;
  private readonly pings: NodeJS.Timeout;
  private readonly idleLimit: NodeJS.Timeout | undefined;
  private drainLimit: NodeJS.Timeout | undefined;
  private unansweredPings = 0;
  private inputEnded = false;
  private pongsAreHeard = true;
  /** How fast the container seems to read; undefined for as fast as it does. */
  private readBytesPerSecond: number | undefined;
  private isSlowed = false;
  private isOver = false;
  private resolveEnded!: (end: SessionEnd) => void;

  constructor(private readonly options: StreamSessionOptions) {
    const { stream, webSocket, chain, clock } = options;
    this.stream = stream;
    this.webSocket = webSocket;
    this.chain = chain;
    this.clock = clock;
    this.ended = new Promise(resolve => {
      this.resolveEnded = resolve;
    });
    this.limit = clock.setTimeout(() => this.onLimit(), SESSION_LIMIT_MS);
    this.pings = clock.setInterval(() => this.onPingDue(), WEBSOCKET_PING_INTERVAL_MS);
    const idleMs = IDLE_TIMEOUT_MS[options.behaviours['idle-timeout']];
    this.idleLimit = idleMs === undefined ? undefined : clock.setTimeout(() => this.reset(), idleMs);
    if (options.behaviours.fragments === 'reassembled') {
      this.requestJoiner = new FrameJoiner();
      this.responseJoiner = new FrameJoiner();
    }
    stream.on('data', (piece: Buffer) => this.onData(piece));
    stream.on('end', () => this.onInputEnd());
    stream.on('drain', () => {
      options.observe?.({ type: 'resumed', direction: 'sent' });
      webSocket.resume();
    });
    stream.on('close', () => this.abandon());
    webSocket.listen(this);
  }

  /** Ends the session with an error, as the platform would. */
  fail(error: ServiceError, isBroken = false): void {
    if (this.isOver) return;
    this.options.observe?.({ type: 'failed', error: error.errorType, message: error.message });
    if (!this.stream.destroyed) this.stream.write(encodeError(error));
    this.finish({ outcome: error.errorType, message: error.message, isBroken }, 1001);
  }

  /** Ends the session without an event to the client. */
  abandon(): void {
    this.over({ outcome: 'aborted' }, 1001);
  }

  /** Resets the stream without an event. */
  reset(): void {
    this.abandon();
    resetStream(this.stream);
  }

  /** From now on the container seems to answer no ping. */
  ignorePongs(): void {
    this.pongsAreHeard = false;
  }

  /** From now on the container seems to read no faster than so many bytes a second. */
  readSlowly(bytesPerSecond: number): void {
    this.readBytesPerSecond = bytesPerSecond;
  }

  // From the client.

  private onData(piece: Buffer): void {
    if (this.isOver) return;
    try {
      this.decoder.write(piece);
    } catch (error) {
      this.fail(streamErrorOf(error));
      return;
    }
    if (!this.webSocket.isWritable) {
      this.options.observe?.({ type: 'paused', direction: 'received' });
      this.stream.pause();
    }
    if (this.readBytesPerSecond) this.slowDown(piece.length / this.readBytesPerSecond);
  }

  private slowDown(seconds: number): void {
    this.isSlowed = true;
    this.stream.pause();
    setTimeout(() => {
      this.isSlowed = false;
      if (this.webSocket.isWritable) this.stream.resume();
    }, seconds * 1_000);
  }

  private onEvent(bytes: Uint8Array): void {
    if (this.isOver) return;
    if (this.inputEnded) throw new MalformedEventStreamError('An event came after the end of the input.');
    const outer = decodeEvent(bytes);
    this.chain?.verify(outer);
    const isEnvelope = this.chain !== undefined || EventHeader.CHUNK_SIGNATURE in outer.headers;
    if (isEnvelope && outer.body.length === 0) {
      this.onInputEnd();
      return;
    }
    const frame = this.toFrame.map(isEnvelope ? decodeEvent(outer.body) : outer);
    const limitBytes = LARGEST_EVENT_BYTES[this.options.behaviours['largest-event']];
    if (frame.payload.length > limitBytes) {
      throw new EventTooLargeError(
        `The event carries ${frame.payload.length} bytes; at most ${limitBytes} are allowed.`,
      );
    }
    this.received.events += 1;
    this.received.bytes += frame.payload.length;
    this.idleLimit?.refresh();
    this.options.observe?.({
      type: 'message',
      direction: 'received',
      dataType: this.toFrame.dataType,
      completionState: frame.fin ? CompletionState.COMPLETE : CompletionState.PARTIAL,
      payload: frame.payload,
    });
    const sent = this.requestJoiner ? this.requestJoiner.join(frame) : frame;
    if (sent) this.webSocket.send(sent);
    if (this.received.events === 1) this.options.onPhase?.('streaming');
  }

  private onInputEnd(): void {
    if (this.isOver || this.inputEnded) return;
    if (this.decoder.isInsideEvent && this.stream.readableEnded) {
      this.fail(streamErrorOf(new MalformedEventStreamError('The request ended in the middle of an event.')));
      return;
    }
    this.inputEnded = true;
    this.options.observe?.({ type: 'input-ended' });
    this.options.onPhase?.('closing');
    if (this.isOver) return;
    this.webSocket.close();
    if (this.options.behaviours['output-after-input-end'] === 'lost') {
      this.finish({ outcome: 'ended', message: 'What the container sent after the end of the input was dropped.' });
      return;
    }
    this.drainLimit = this.clock.setTimeout(
      () => this.finish({ outcome: 'ended', message: 'The container did not close after the end of the input.' }),
      DRAIN_LIMIT_MS,
    );
  }

  // From the container.

  onFrame(frame: Frame): void {
    if (this.isOver) return;
    const reported = structuredError(frame);
    if (reported) {
      this.fail(reported);
      return;
    }
    this.idleLimit?.refresh();
    let event: ReturnType<FrameToEventMapper['map']>;
    try {
      const joined = this.responseJoiner ? this.responseJoiner.join(frame) : frame;
      if (!joined) return;
      event = this.toEvent.map(joined);
    } catch (error) {
      if (!(error instanceof FrameSequenceError)) throw error;
      this.webSocket.destroy(1002);
      this.fail(modelStreamError(error.message, StreamErrorCode.STREAM_BROKEN));
      return;
    }
    this.firstResponseAt ??= performance.now();
    this.sent.events += 1;
    this.sent.bytes += event.payload.length;
    this.options.observe?.({ type: 'message', direction: 'sent', ...event });
    if (!this.stream.write(encodePayloadPart(event.dataType, event.completionState, event.payload))) {
      this.options.observe?.({ type: 'paused', direction: 'sent' });
      this.webSocket.pause();
    }
  }

  onDrain(): void {
    this.options.observe?.({ type: 'resumed', direction: 'received' });
    if (!this.isSlowed) this.stream.resume();
  }

  onPong(): void {
    this.options.observe?.({ type: 'pong' });
    if (this.pongsAreHeard) this.unansweredPings = 0;
  }

  onEnd({ code, reason }: WebSocketEnd): void {
    if (this.isOver) return;
    this.options.observe?.({ type: 'closed', code, reason });
    if (this.isOrderly(code)) {
      this.finish({ outcome: 'ended' });
    } else if (code === 1006) {
      this.fail(
        modelStreamError(
          'The connection to the model container was closed unexpectedly.',
          StreamErrorCode.STREAM_BROKEN,
        ),
        true,
      );
    } else {
      const words = reason ? `: ${reason}` : '';
      this.fail(modelStreamError(`The model container closed the WebSocket with code ${code}${words}`, String(code)));
    }
  }

  private isOrderly(code: number): boolean {
    if (this.inputEnded) return code === 1000 || code === 1005;
    return code === 1000 && this.options.behaviours['close-1000-before-input-end'] === 'orderly-end';
  }

  // The platform's clocks.

  private onLimit(): void {
    const message = `The stream reached its limit of ${SESSION_LIMIT_MS / 60_000} minutes.`;
    switch (this.options.behaviours['session-limit']) {
      case 'time-exceeded':
        this.fail(modelStreamError(message, StreamErrorCode.MODEL_INVOCATION_TIME_EXCEEDED));
        break;
      case 'stream-broken':
        this.fail(modelStreamError(message, StreamErrorCode.STREAM_BROKEN));
        break;
      case 'close-code':
        this.fail(modelStreamError(message, '1001'));
        break;
      case 'internal-stream-failure':
        this.fail(internalStreamFailure(message));
        break;
      case 'stream-reset':
        this.reset();
        break;
      case 'orderly-end':
        this.finish({ outcome: 'ended', message }, 1001);
        break;
    }
  }

  private onPingDue(): void {
    if (this.unansweredPings >= WEBSOCKET_PING_TOLERANCE) {
      this.fail(
        modelStreamError(
          `The model container left ${this.unansweredPings} pings in a row unanswered.`,
          StreamErrorCode.STREAM_BROKEN,
        ),
      );
      return;
    }
    this.unansweredPings += 1;
    this.options.observe?.({ type: 'ping' });
    this.webSocket.ping();
  }

  // The end.

  private finish(end: SessionEnd, closeCode?: number): void {
    if (this.isOver) return;
    this.over(end, closeCode);
    const stream = this.stream;
    stream.end();
    // The rest of the request is read and dropped, so that its sender is not left hanging on a closed window.
    stream.resume();
    if (!stream.closed) {
      const reset = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), RESET_AFTER_MS);
      stream.once('close', () => clearTimeout(reset));
    }
  }

  private over(end: SessionEnd, closeCode?: number): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.limit);
    clearTimeout(this.idleLimit);
    clearTimeout(this.drainLimit);
    clearInterval(this.pings);
    this.webSocket.destroy(closeCode);
    this.resolveEnded(end);
  }
}

/** Sends RST_STREAM alone. `close` would send an empty DATA frame with END_STREAM before it, which clients take as an orderly end. */
export function resetStream(stream: ServerHttp2Stream): void {
  stream.destroy(new Error('The stream is reset.'));
}

/** The structured error that a container may send as a text frame, or undefined for everything else. */
function structuredError({ opcode, fin, payload }: Frame): ServiceError | undefined {
  if (opcode !== Opcode.TEXT || !fin || payload.length > ERROR_FRAME_LIMIT_BYTES) return undefined;
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  // Two bytes decide for nearly every frame.
  if (text[0] !== 0x7b || !text.includes(`"${MODEL_STREAM_ERROR_FRAME}"`)) return undefined;
  try {
    const parsed = JSON.parse(text.toString()) as Record<
      string,
      { ErrorCode?: unknown; Message?: unknown } | undefined
    >;
    const error = parsed[MODEL_STREAM_ERROR_FRAME];
    if (Object.keys(parsed).length !== 1 || typeof error !== 'object' || error === null) return undefined;
    return modelStreamError(String(error.Message ?? ''), String(error.ErrorCode ?? ''));
  } catch {
    return undefined;
  }
}

function streamErrorOf(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof EventTooLargeError || error instanceof InvalidEventError) {
    return new ServiceError('ValidationException', 400, { message: error.message });
  }
  if (error instanceof MalformedEventStreamError) {
    return new ServiceError('SerializationException', 400, { message: error.message });
  }
  return internalStreamFailure('The stream processing failed because of an unknown error.');
}
