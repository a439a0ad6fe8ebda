import { PlatformError, type SessionError, SessionLimitError, StreamInterruptedError } from '../errors/session-error';
import type { Message, SendableMessage } from './message';
import type { InputPosition } from './replay-buffer';

/**
 * How a session goes on when its stream breaks or meets the platform's limit of 30 minutes: another stream is opened, and what
 * the model has not acknowledged is sent again. The platform acknowledges nothing itself, so the protocol has to name the
 * messages that do.
 */
export interface ResumeOptions {
  /**
   * How much of the session's input a received message acknowledges, counted from the session's start; `undefined` where it
   * acknowledges nothing. In `binaryBytes`, a message may be acknowledged in part: the rest of it is sent again.
   *
   * @param message what was received, once, in order
   * @param streamStart where in the input the present stream began: add it to what a model counts from its own start
   */
  acknowledge(message: Message, streamStart: InputPosition): Partial<InputPosition> | undefined;
  /**
   * Messages to send first on every stream after the first, such as a configuration message. Not part of the input's count.
   *
   * @default nothing
   */
  preamble?(): Iterable<SendableMessage>;
  /**
   * Whether a failure is worth another stream.
   *
   * @default a broken stream, the platform's limit, and a fault of the platform
   */
  resumable?(error: SessionError): boolean;
  /**
   * Whether a stream that ends in order now has sent everything. Where it has not, its end counts as a break.
   *
   * @default it has
   */
  isFinished?(): boolean;
  /**
   * Streams in a row that may end without anything acknowledged between them.
   *
   * @default 3
   */
  readonly maxResumes?: number;
  /**
   * Most unacknowledged payload to hold, in bytes. Beyond it the oldest message is given up, and counted as unreplayable if
   * the stream then breaks.
   *
   * @default 8388608 (8 MiB: four minutes of 16 kHz 16-bit audio)
   */
  readonly replayLimitBytes?: number;
}

/**
 * Whether a failure is worth another stream unless the protocol decides: a broken stream, the platform's limit, a fault of the
 * platform.
 */
export function isResumable(error: SessionError): boolean {
  return (
    error instanceof StreamInterruptedError || error instanceof SessionLimitError || error instanceof PlatformError
  );
}
