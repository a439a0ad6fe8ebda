import { Duplex } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import type { BidiSession } from './bidi-session';
import type { Message, SendableMessage } from './message';

/** Options of {@link sessionDuplex}. */
export interface SessionDuplexOptions {
  /**
   * Whether messages stay messages: strings are text, bytes are binary. Otherwise it is a stream of bytes: each chunk written
   * goes as one binary message, and the payload of each message received is read as bytes.
   *
   * @default false
   */
  readonly objectMode?: boolean;
}

/**
 * A session as a Node stream, for `pipeline`. Backpressure passes through both ways. The end of the writing side ends the
 * input; destroying it before the model has ended aborts the session.
 */
export function sessionDuplex(session: BidiSession, options: SessionDuplexOptions = {}): Duplex {
  const { objectMode = false } = options;
  return new Duplex({
    objectMode,
    decodeStrings: !objectMode,
    highWaterMark: objectMode ? 1 : undefined, // the session holds the messages that are not read
    read() {
      readInto(this, session, objectMode).catch(error => this.destroy(error as Error));
    },
    write(message: SendableMessage, _encoding, done) {
      session.send(message).then(() => done(), done);
    },
    final(done) {
      session.closeInput().then(() => done(), done);
    },
    destroy(error, done) {
      if (error || !this.readableEnded) session.abort(error ?? undefined);
      done(error);
    },
  });
}

async function readInto(duplex: Duplex, session: BidiSession, objectMode: boolean): Promise<void> {
  for (;;) {
    const message = await session.receive();
    if (message === undefined) {
      duplex.push(null);
      return;
    }
    if (objectMode) {
      duplex.push(message);
      return;
    }
    const bytes = typeof message === 'string' ? Buffer.from(message) : message;
    if (bytes.byteLength === 0) continue; // to Node, no bytes are no read at all
    duplex.push(bytes);
    return;
  }
}

/** A session as Web streams. */
export interface SessionWebStreams {
  /** The messages received. Cancelling it aborts the session. */
  readonly readable: ReadableStream<Message>;
  /** The messages to send. Closing it ends the input; aborting it aborts the session. */
  readonly writable: WritableStream<SendableMessage>;
}

/** A session as Web streams of messages: strings are text, bytes are binary. Backpressure passes through both ways. */
export function sessionWebStreams(session: BidiSession): SessionWebStreams {
  return {
    readable: new ReadableStream<Message>(
      {
        async pull(controller) {
          const message = await session.receive();
          if (message === undefined) controller.close();
          else controller.enqueue(message);
        },
        cancel: reason => session.abort(reason),
      },
      { highWaterMark: 0 },
    ),
    writable: new WritableStream<SendableMessage>({
      write: message => session.send(message),
      close: () => session.closeInput(),
      abort: reason => session.abort(reason),
    }),
  };
}
