import { type ClientHttp2Stream, constants } from 'node:http2';
import { Stream } from 'node:stream';
import type { HttpHandlerOptions } from '@smithy/types';
import { CompletionState, DataType, RuntimeHeader } from '../../contract';
import { explainOpenFailure, explainStreamFailure, interrupted, openTimeout } from '../errors/explain-failure';
import { SessionAbortedError, type StreamDestination, StreamEndedError } from '../errors/session-error';
import type { InvokeEndpointWithBidirectionalStreamCommandOutput, ResponseStreamEvent } from '../runtime-http2';
import { StreamCommand, toStreamError } from '../runtime-http2/stream-command';
import { connectionRoundTripMs, watchConnection } from './connection-health';
import { RequestEvents } from './request-events';
import { boundErrorBody, boundEvents } from './response-body';

/** Anything that sends the command: the kit's client, the official one, or a wrapper around either. */
export interface BidiClient {
  /**
   * Sends an `InvokeEndpointWithBidirectionalStreamCommand`. Resolves with its output.
   *
   * @param options `abortSignal` cuts the request and its stream.
   */
  // biome-ignore lint/suspicious/noExplicitAny: an official client's own command class is nominally another.
  send(command: any, options?: HttpHandlerOptions): Promise<any>;
}

/** One frame, in either direction: one event of the stream, one WebSocket frame at the model. */
export interface Fragment {
  /** Payload of the frame: at most 24 MiB where it is sent, the limit of one event. */
  readonly data: Uint8Array;
  /** `UTF8` is a text frame, `BINARY` a binary one. */
  readonly dataType: DataType;
  /** `PARTIAL`: more of the message follows. `COMPLETE`: the message ends here. */
  readonly completionState: CompletionState;
}

/** Which model a stream goes to. */
export interface StreamTarget {
  /** Name of the endpoint: 1 to 63 letters, digits and inner hyphens. */
  readonly endpointName: string;
  /**
   * Production variant that is to answer.
   *
   * @default the endpoint's own choice, by weight
   */
  readonly targetVariant?: string;
  /**
   * Path of the container's WebSocket, without a leading slash, such as `v1/listen`: at most 100 characters.
   *
   * @default invocations-bidirectional-stream
   */
  readonly modelInvocationPath?: string;
  /**
   * Query string of the container's WebSocket, percent-encoded, without a leading `?`: at most 2048 characters.
   *
   * @default none
   */
  readonly modelQueryString?: string;
}

/** How a stream is opened. */
export interface StreamOpenOptions {
  /** Bound of the open, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * The bound that an error is to name, in milliseconds.
   *
   * @default timeoutMs
   */
  readonly boundMs?: number;
  /**
   * Gives up the open.
   *
   * @default none
   */
  readonly signal?: AbortSignal;
}

/** The part of a Node HTTP/2 response that the SDK hands through as the body. */
type RawStream = Pick<ClientHttp2Stream, 'once' | 'close' | 'setTimeout' | 'rstCode' | 'session' | 'closed' | 'push'>;

interface RawResponse {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

interface RawExchange {
  readonly request?: {
    readonly hostname?: string;
    readonly port?: number;
    readonly protocol?: string;
    readonly body?: unknown;
  };
}

/**
 * One stream to a model: a single invocation of the operation, open from the response headers to its end.
 *
 * {@link BidiSession} is one or several of these in a row.
 */
export class BidiStream {
  /**
   * Opens a stream: resolves with the response headers, which the platform sends when the model has taken the WebSocket.
   * (The SDK's own promise waits for the first response event, which may never come before the first input.)
   *
   * @throws SessionError
   * @throws the signal's reason when it is aborted before the stream is open
   */
  static async open(client: BidiClient, target: StreamTarget, options: StreamOpenOptions): Promise<BidiStream> {
    const { timeoutMs, boundMs = timeoutMs, signal } = options;
    const stream = new BidiStream(client, target);
    const onAbort = () => stream.abort(signal?.reason as Error);
    const timer = setTimeout(() => stream.abort(openTimeout(boundMs, stream.destination)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await stream.opened;
      return stream;
    } catch (error) {
      throw stream.lose(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The production variant that answers, once known. */
  invokedProductionVariant: string | undefined;
  destination: StreamDestination;
  private readonly controller = new AbortController();
  // The SDK stops reading early when it cannot sign or write an event, and reports that nowhere else.
  private readonly input = new RequestEvents(() =>
    setImmediate(() =>
      this.lose(interrupted('an event could not be signed or written.', this.destination, this.inputFault)),
    ),
  );
  /** The error that ended the SDK's own stream of events. */
  private inputFault: Error | undefined;
  private readonly opened: Promise<unknown>;
  private readonly output: Promise<InvokeEndpointWithBidirectionalStreamCommandOutput>;
  private events: AsyncIterator<ResponseStreamEvent> | undefined;
  private raw: RawStream | undefined;
  private readonly failed: Promise<never>;
  private rejectFailed!: (reason: Error) => void;
  private failure: Error | undefined;
  private isOpen = false;
  /** Whether the peer flagged the end of its side; `undefined` before any end. */
  private endFlagged: boolean | undefined;
  private ended = false;

  private constructor(client: BidiClient, target: StreamTarget) {
    this.destination = { endpointName: target.endpointName };
    this.failed = new Promise((_, reject) => {
      this.rejectFailed = reject;
    });
    const command = new StreamCommand({
      EndpointName: target.endpointName,
      TargetVariant: target.targetVariant,
      ModelInvocationPath: target.modelInvocationPath,
      ModelQueryString: target.modelQueryString,
      Body: this.input,
    });
    const headers = new Promise<void>(resolve => {
      command.middlewareStack.add(
        next => async args => {
          this.noteDestination(args as RawExchange);
          this.noteInputFault(args as RawExchange);
          const result = await next(args);
          const response = result.response as RawResponse;
          if (response.statusCode === 200) {
            this.isOpen = true;
            this.invokedProductionVariant = response.headers?.[RuntimeHeader.INVOKED_PRODUCTION_VARIANT.toLowerCase()];
            this.adopt(response.body as RawStream | undefined);
            if (isIterable(response.body)) response.body = boundEvents(response.body);
            resolve();
          } else if (isIterable(response.body)) {
            response.body = await boundErrorBody(response.body);
          }
          return result;
        },
        { step: 'deserialize', priority: 'low', name: 'bidiStreamResponseHeaders' },
      );
    });
    this.output = Promise.resolve(client.send(command, { abortSignal: this.controller.signal }));
    this.output.then(
      output => {
        this.isOpen = true;
        this.invokedProductionVariant ??= output.InvokedProductionVariant;
      },
      error => this.lose(error),
    );
    this.opened = Promise.race([headers, this.output, this.failed]);
    // The next reader or writer gets the failure; without one it must not end the process as an unhandled rejection.
    this.failed.catch(() => undefined);
    this.opened.catch(() => undefined);
  }

  /** Round trip of the last HTTP/2 ping on this stream's connection, in milliseconds. */
  get roundTripMs(): number | undefined {
    return connectionRoundTripMs(this.raw?.session);
  }

  /** Given to {@link write} and not yet taken by the SDK, in bytes. */
  get pendingBytes(): number {
    return this.input.pendingBytes;
  }

  /** Fragments given to {@link write} and not yet taken by the SDK. */
  get pendingFragments(): number {
    return this.input.pendingEvents;
  }

  /** Whether nothing can be read or written any more. */
  get isOver(): boolean {
    return this.ended || this.failure !== undefined;
  }

  /** Resolves when the bytes may be reused and there is room for more. */
  write({ data, dataType, completionState }: Fragment): Promise<void> {
    return this.input.put({ PayloadPart: { Bytes: data, DataType: dataType, CompletionState: completionState } });
  }

  /** Ends the input. Resolves when the SDK has taken the end; the signed empty event follows. */
  end(): Promise<void> {
    return this.input.end();
  }

  /**
   * The next frame of the model, or `undefined` at the orderly end. Not to be called again before it settles.
   *
   * @throws SessionError
   */
  async next(): Promise<Fragment | undefined> {
    try {
      this.events ??= (await Promise.race([this.output, this.failed])).Body![Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await this.events.next();
        if (done) break;
        const part = value.PayloadPart;
        if (!part) continue;
        return {
          data: part.Bytes ?? EMPTY,
          dataType: part.DataType === DataType.UTF8 ? DataType.UTF8 : DataType.BINARY,
          completionState:
            part.CompletionState === CompletionState.PARTIAL ? CompletionState.PARTIAL : CompletionState.COMPLETE,
        };
      }
    } catch (error) {
      throw this.lose(error);
    }
    // Once the input has ended, Node ends a stream that was reset or cut as it ends one that finished.
    const resetCode = this.resetCode();
    if (resetCode !== undefined) throw this.lose(interrupted(`it was reset (code ${resetCode}).`, this.destination));
    if (this.failure) throw this.failure;
    this.ended = true;
    this.input.fail(this.endedError());
    return undefined;
  }

  /** Ends the stream at once; messages that were not sent are rejected with the reason. */
  abort(reason?: Error): void {
    if (this.isOver) return;
    this.fail(
      reason ??
        new SessionAbortedError({
          what: `The stream to "${this.destination.endpointName}" was aborted.`,
          why: 'abort() was called.',
          next: 'Open a new session.',
          destination: this.destination,
        }),
    );
  }

  private endedError(): StreamEndedError {
    return new StreamEndedError({
      what: `The model behind "${this.destination.endpointName}" has ended the stream.`,
      why: 'The container closed its WebSocket.',
      next: 'Read the session to its end for the reason, and open a new one to send more.',
      destination: this.destination,
    });
  }

  private noteDestination({ request }: RawExchange): void {
    if (!request?.hostname) return;
    const port = request.port ?? (request.protocol === 'http:' ? 80 : 443);
    this.destination = { ...this.destination, host: request.hostname, port };
  }

  private noteInputFault({ request }: RawExchange): void {
    if (!(request?.body instanceof Stream)) return;
    request.body.once('error', error => {
      this.inputFault = error;
    });
  }

  private adopt(raw: RawStream | undefined): void {
    if (typeof raw?.setTimeout !== 'function' || typeof raw.once !== 'function') return;
    this.raw = raw;
    raw.setTimeout(0); // a quiet stream is not a dead one
    if (raw.session) watchConnection(raw.session);
    // Writers are rejected with this when nothing is read. A reader first gets the frames that have arrived.
    raw.once('close', () => {
      const resetCode = this.resetCode();
      this.input.fail(
        this.failure ??
          (resetCode === undefined
            ? this.endedError()
            : interrupted(`it was reset (code ${resetCode}).`, this.destination)),
      );
    });
    // Node reports a reset without an error code as an end. It closes such a stream before it pushes the end; the end that the
    // peer flags is pushed while the stream is open (RFC 9113, section 8.1: a response without END_STREAM is not complete).
    const push = raw.push.bind(raw);
    raw.push = (chunk, encoding) => {
      if (chunk === null) this.endFlagged ??= !raw.closed;
      return push(chunk, encoding);
    };
  }

  /** Error code of the reset that ended the stream; `undefined` where it was not reset. */
  private resetCode(): number | undefined {
    const { rstCode = 0 } = this.raw ?? {};
    return rstCode !== 0 || this.endFlagged === false ? rstCode : undefined;
  }

  /** Explains what ended the stream, the first time. Returns the reason. */
  private lose(cause: unknown): Error {
    const explain = this.isOpen ? explainStreamFailure : explainOpenFailure;
    return this.failure ?? this.fail(explain(toStreamError(cause), this.destination));
  }

  /** Ends the stream with a reason and frees its buffers. */
  private fail(reason: Error): Error {
    this.failure = reason;
    this.input.fail(reason);
    if (this.raw && !this.raw.closed) this.raw.close(constants.NGHTTP2_CANCEL);
    this.controller.abort(reason);
    this.rejectFailed(reason);
    return reason;
  }
}

const EMPTY = new Uint8Array(0);

function isIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof (body as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] === 'function';
}
