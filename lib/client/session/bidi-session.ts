import {
  CompletionState,
  type DataType,
  EVENT_PAYLOAD_LIMIT_BYTES,
  endpointNameViolation,
  invocationPathViolation,
  queryStringViolation,
  variantNameViolation,
} from '../../contract';
import {
  DrainTimeoutError,
  InvalidRequestError,
  MessageError,
  ReceiveTimeoutError,
  SessionAbortedError,
  SessionClosedError,
} from '../errors/session-error';
import { SageMakerRuntimeHTTP2Client } from '../runtime-http2';
import type { BidiClient, BidiStream, Fragment, StreamTarget } from '../stream/bidi-stream';
import { openStream } from '../stream/open-stream';
import { KeepAlive } from './keep-alive';
import { type Message, type SendableMessage, toFragment, typeName } from './message';
import { MessageAssembler } from './message-assembler';
import { MessageReader } from './message-reader';
import type { BidiSessionOptions } from './options';
import { ResumableStream } from './resumable-stream';
import { emptyStatistics, type SessionStatistics } from './statistics';

/** Bound of the open, in milliseconds, unless `openTimeoutMs` says otherwise. */
const OPEN_TIMEOUT_MS = 30_000;

/** Bound of the wait for the last responses, in milliseconds, unless `drainTimeoutMs` says otherwise. */
const DRAIN_TIMEOUT_MS = 15_000;

/** Most payload of one received message, in bytes, unless `maxMessageBytes` says otherwise. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/**
 * A session with a streaming model.
 *
 * ```ts
 * await using session = await BidiSession.open({ endpointName: 'speech' });
 * await session.send('I need help with');
 * for await (const message of session) console.log(message);
 * ```
 *
 * Both directions have backpressure: `send` resolves when there is room, and nothing is read from the network before it is
 * asked for. A failure is a {@link SessionError}, thrown to the next reader and writer, and never an unhandled rejection.
 */
export class BidiSession implements AsyncIterable<Message>, AsyncDisposable {
  /**
   * Opens a session. Resolves when the model has accepted the stream.
   *
   * @throws InvalidRequestError when a name, path or query breaks its pattern, before anything is sent
   * @throws SessionError of the kind that the last attempt met
   * @throws the signal's reason when `abortSignal` is aborted
   */
  static async open(options: BidiSessionOptions): Promise<BidiSession> {
    throwIfInvalid(options);
    options.abortSignal?.throwIfAborted();
    const session = new BidiSession(options);
    const startedAt = performance.now();
    await session.stream.open();
    session.measured.openMs = performance.now() - startedAt;
    session.startKeepAlive();
    return session;
  }

  private readonly client: BidiClient;
  private readonly ownClient: SageMakerRuntimeHTTP2Client | undefined;
  private readonly stream: ResumableStream;
  private readonly reader: MessageReader;
  private readonly measured = emptyStatistics();
  private keepAlive: KeepAlive | undefined;
  /** Type of the message whose fragments are being sent. */
  private fragmentedType: DataType | undefined;
  private firstSentAt: number | undefined;
  private inputClosed = false;
  private closing: Promise<void> | undefined;
  private readonly onAbort = () => this.abort(this.options.abortSignal!.reason);

  private constructor(private readonly options: BidiSessionOptions) {
    const { endpointName, region, credentials, endpoint, resume, abortSignal } = options;
    this.ownClient = options.client ? undefined : new SageMakerRuntimeHTTP2Client({ region, credentials, endpoint });
    this.client = options.client ?? this.ownClient!;
    const assembler = new MessageAssembler(options.maxMessageBytes ?? MAX_MESSAGE_BYTES);
    this.stream = new ResumableStream({
      endpointName,
      resume,
      statistics: this.measured,
      connect: signal => this.connect(signal),
      preamble: () => this.preamble(),
      onReplaced: () => assembler.reset(),
      onOver: () => this.release(),
    });
    this.reader = new MessageReader({
      assembler,
      next: async () => this.count(await this.stream.next()),
      onMessage: resume && (message => this.stream.acknowledge(resume.acknowledge(message, this.stream.streamStart))),
      onInvalid: error => this.stream.finish(this.invalidMessage(error)),
      onCutMessage: () => this.cutMessage(),
    });
    abortSignal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** The production variant that answers, where the platform tells it. */
  get invokedProductionVariant(): string | undefined {
    return this.stream.current!.invokedProductionVariant;
  }

  /** Counters and times of the session so far. */
  get statistics(): SessionStatistics {
    const { pendingBytes, roundTripMs = this.measured.roundTripMs } = this.stream.current!;
    return { ...this.measured, pendingBytes, roundTripMs };
  }

  /**
   * Sends a message: a string as text, bytes as binary. Resolves when the bytes may be reused and there is room for more;
   * awaiting it is the backpressure.
   *
   * @throws MessageError over 24 MiB, the limit of one event: send such a message in fragments; or when it is neither text nor
   * bytes
   * @throws SessionError when the session is closed or broken
   */
  send(message: SendableMessage): Promise<void> {
    return this.sendFragment(message, { final: true });
  }

  /**
   * Sends a part of a message: one WebSocket frame at the model. All parts of a message have one type.
   *
   * @param options.final whether the message ends here
   * @throws MessageError over 24 MiB, the limit of one event, when it is neither text nor bytes, or when the message before was
   * of another type and is not ended
   * @throws SessionError when the session is closed or broken
   */
  sendFragment(data: SendableMessage, options: { readonly final: boolean }): Promise<void> {
    const fragment = toFragment(data, options.final);
    const error = this.stream.failure ?? (fragment ? this.rejection(fragment) : this.wrongType(data));
    if (error || !fragment) return Promise.reject(error);
    const isFinal = fragment.completionState === CompletionState.COMPLETE;
    this.fragmentedType = isFinal ? undefined : fragment.dataType;
    this.keepAlive?.noteSent();
    this.firstSentAt ??= performance.now();
    this.measured.sentBytes += fragment.data.byteLength;
    if (isFinal) this.measured.sentMessages += 1;
    return this.stream.write(fragment, next => this.readOn(next));
  }

  /**
   * The next message, or `undefined` when the model has ended the stream in order.
   *
   * @param options.timeoutMs bound of the wait, in milliseconds. A message that comes later is not lost: the next reader has it.
   * @throws ReceiveTimeoutError
   * @throws SessionError
   */
  receive(options: { readonly timeoutMs?: number } = {}): Promise<Message | undefined> {
    const { timeoutMs } = options;
    if (timeoutMs === undefined) return this.reader.nextMessage();
    return this.reader.nextMessageWithin(timeoutMs, () => this.receiveTimeout(timeoutMs));
  }

  /** The messages until the orderly end. Leaving the loop early leaves the session open. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return { next: async () => iteratorResult(await this.reader.nextMessage()) };
  }

  /**
   * The frames of the model until the orderly end, fragmentation included. Not with `resume`, which goes on with messages.
   *
   * @throws TypeError with `resume`
   */
  fragments(): AsyncIterable<Fragment> {
    if (this.options.resume) {
      throw new TypeError('A session with `resume` is read by message: a half-received one starts over.');
    }
    return {
      [Symbol.asyncIterator]: () => ({ next: async () => iteratorResult(await this.reader.nextFragment()) }),
    };
  }

  /** Ends the input; the model may still answer. The platform closes the model's WebSocket in order. */
  async closeInput(): Promise<void> {
    if (this.inputClosed) return;
    this.inputClosed = true;
    this.keepAlive?.stop();
    await this.stream.end(next => this.readOn(next));
  }

  /**
   * Ends the session in order: ends the input, waits for the last responses, releases the connection. Messages that were not read
   * by then can still be read. Calling it again gives the same promise.
   *
   * @throws DrainTimeoutError when the responses do not end within `drainTimeoutMs`; the stream is then cut
   * @throws SessionError when the model ends with an error, unless it is the close of its WebSocket that the end of the input
   * asks for
   */
  close(): Promise<void> {
    this.closing ??= this.drain();
    return this.closing;
  }

  /**
   * Ends the session at once. Readers and writers get the reason.
   *
   * @param reason an error to throw to them. Default: {@link SessionAbortedError}.
   */
  abort(reason?: unknown): void {
    if (this.stream.isOver) return;
    this.stream.finish(reason instanceof Error ? reason : this.aborted(reason));
  }

  /** {@link close}, for `await using`. A session that is broken or aborted already is left as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.stream.failure) await this.close();
  }

  private connect(signal: AbortSignal): Promise<BidiStream> {
    const { openTimeoutMs = OPEN_TIMEOUT_MS, retry = {} } = this.options;
    return openStream(this.client, this.options, {
      openTimeoutMs,
      retry,
      signal,
      onAttempt: () => {
        this.measured.openAttempts += 1;
      },
    });
  }

  private *preamble(): Generator<Fragment> {
    for (const message of this.options.resume?.preamble?.() ?? []) {
      const fragment = toFragment(message, true);
      if (!fragment) throw this.wrongType(message);
      yield fragment;
    }
  }

  private startKeepAlive(): void {
    const { keepAlive } = this.options;
    if (!keepAlive || this.stream.isOver) return;
    this.keepAlive = new KeepAlive(keepAlive, message => {
      if (this.fragmentedType) return;
      // The reader gets the error of a broken stream by itself. A keep-alive message that cannot be sent has no other caller to tell.
      this.send(message).catch(error => {
        if (error instanceof MessageError) this.stream.finish(error);
      });
    });
  }

  /** Reads the remaining messages, for a later reader. */
  private async readOn(next?: () => Promise<Fragment | undefined>): Promise<void> {
    const counted = next && (async () => this.count(await next()));
    while (await this.reader.readAhead(counted));
  }

  private count(fragment: Fragment | undefined): Fragment | undefined {
    if (!fragment) return undefined;
    const { measured } = this;
    measured.firstByteMs ??= this.firstSentAt === undefined ? undefined : performance.now() - this.firstSentAt;
    measured.receivedBytes += fragment.data.byteLength;
    if (fragment.completionState === CompletionState.COMPLETE) measured.receivedMessages += 1;
    return fragment;
  }

  private async drain(): Promise<void> {
    if (this.stream.failure) throw this.stream.failure;
    const { drainTimeoutMs = DRAIN_TIMEOUT_MS } = this.options;
    const timer = setTimeout(() => this.stream.finish(this.drainTimeout(drainTimeoutMs)), drainTimeoutMs);
    try {
      await this.closeInput();
      await this.readOn();
    } finally {
      clearTimeout(timer);
    }
  }

  private release(): void {
    this.keepAlive?.stop();
    this.options.abortSignal?.removeEventListener('abort', this.onAbort);
    this.ownClient?.destroy();
  }

  private rejection(fragment: Fragment): Error | undefined {
    const { destination } = this.stream;
    if (this.inputClosed) {
      return new SessionClosedError({
        what: `The input of the session with "${destination.endpointName}" is closed.`,
        why: 'close() or closeInput() was called before.',
        next: 'Send before closing, or open a new session.',
        destination,
      });
    }
    if (fragment.data.byteLength > EVENT_PAYLOAD_LIMIT_BYTES) {
      return new MessageError({
        what: `A payload of ${fragment.data.byteLength} bytes is over the ${EVENT_PAYLOAD_LIMIT_BYTES} bytes of one event.`,
        why: 'Each message or fragment travels as one event.',
        next: 'Send it in parts with sendFragment().',
        destination,
      });
    }
    if (this.fragmentedType && this.fragmentedType !== fragment.dataType) {
      return new MessageError({
        what: `A ${fragment.dataType} fragment cannot continue a ${this.fragmentedType} message.`,
        why: 'A message before it was not ended with { final: true }.',
        next: 'End a fragmented message before another is sent.',
        destination,
      });
    }
    return undefined;
  }

  private wrongType(data: unknown): MessageError {
    return new MessageError({
      what: `A message has to be a string or bytes, not ${typeName(data)}.`,
      why: 'How a value of another type is to be written is not known; it was not sent.',
      next: 'Send JSON.stringify(value) for an object, or `new Uint8Array(await blob.arrayBuffer())` for a Blob.',
      destination: this.stream.destination,
    });
  }

  private invalidMessage(cause: Error): MessageError {
    return new MessageError({
      what: cause.message,
      why: 'The model sent what this session cannot give as one message.',
      next: 'Raise {maxMessageBytes}, or read fragments().',
      settings: ['maxMessageBytes'],
      destination: this.stream.destination,
      cause,
    });
  }

  private cutMessage(): MessageError {
    return new MessageError({
      what: `The model of "${this.options.endpointName}" ended the stream within a message.`,
      why: 'A part of it came with `CompletionState` PARTIAL, and no part that completes it.',
      next: "Look into the container's log; fragments() gives what came of the message.",
      destination: this.stream.destination,
    });
  }

  private receiveTimeout(timeoutMs: number): ReceiveTimeoutError {
    return new ReceiveTimeoutError({
      what: `No message from "${this.options.endpointName}" within ${timeoutMs} ms.`,
      why: 'The model has nothing to send, waits for more input, or hangs.',
      next: "Wait longer, or look into the container's log.",
      destination: this.stream.destination,
    });
  }

  private drainTimeout(drainTimeoutMs: number): DrainTimeoutError {
    return new DrainTimeoutError({
      what: `The responses of "${this.options.endpointName}" did not end within ${drainTimeoutMs} ms after the input.`,
      why: 'The model still works on what it got, or does not end its side.',
      next: 'Raise {drainTimeoutMs}, or abort() where the rest is not needed.',
      settings: ['drainTimeoutMs'],
      destination: this.stream.destination,
    });
  }

  private aborted(reason: unknown): SessionAbortedError {
    return new SessionAbortedError({
      what: `The session with "${this.options.endpointName}" was aborted${reason === undefined ? '' : `: ${String(reason)}`}.`,
      why: 'abort() was called, or the abort signal fired.',
      next: 'Open a new session.',
      destination: this.stream.destination,
    });
  }
}

function iteratorResult<Value>(value: Value | undefined): IteratorResult<Value, undefined> {
  return value === undefined ? { done: true, value: undefined } : { done: false, value };
}

/** Throws one error with every violation that the platform would refuse. */
function throwIfInvalid(target: StreamTarget): void {
  const { endpointName, targetVariant, modelInvocationPath, modelQueryString } = target;
  const faults = [
    endpointNameViolation(endpointName),
    targetVariant === undefined ? undefined : variantNameViolation(targetVariant),
    modelInvocationPath === undefined ? undefined : invocationPathViolation(modelInvocationPath),
    modelQueryString === undefined ? undefined : queryStringViolation(modelQueryString),
  ].filter(fault => fault !== undefined);
  if (faults.length === 0) return;
  throw new InvalidRequestError({
    what: faults.join(' '),
    why: 'The API refuses it by pattern.',
    next: 'Correct what is named; nothing was sent.',
    code: 'ERR_BIDI_INVALID_TARGET',
    destination: { endpointName },
  });
}
