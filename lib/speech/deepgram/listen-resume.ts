import { ModelStreamClosedError, type SessionError } from '../../client/errors/session-error';
import type { Message } from '../../client/session/message';
import type { InputPosition } from '../../client/session/replay-buffer';
import { isResumable, type ResumeOptions } from '../../client/session/resume';
import { StreamErrorCode } from '../../contract';
import type { RawEncoding } from '../audio';
import { SAMPLE_BYTES } from '../audio/frame-bytes';
import { parseMessage } from './deepgram-message';
import { LISTEN_MESSAGE_TYPES, type ListenMessage, settledSeconds } from './listen-messages';
import type { ListenParameters } from './listen-parameters';
import { shiftMessage } from './shift-message';

/**
 * Goes on with a speech-to-text stream on another one: final results acknowledge the audio they were made of, the rest is sent
 * again, and the times of what is heard on the new stream count on from where it began.
 */
export class ListenResume {
  /** Where in the audio, in bytes, the stream of each message that was not taken yet began. */
  private readonly starts: number[] = [];
  private configuration: string | undefined;
  /** Whether the model was asked to finish. */
  isClosing = false;

  private constructor(
    private readonly frameBytes: number,
    private readonly bytesPerSecond: number,
  ) {}

  /** `undefined` when the parameters do not tell how many bytes a second of audio has: such audio cannot be cut. */
  static of({ encoding, sample_rate: sampleRate, channels = 1 }: ListenParameters): ListenResume | undefined {
    const sampleBytes = SAMPLE_BYTES[encoding as RawEncoding];
    if (sampleBytes === undefined || sampleRate === undefined) return undefined;
    const frameBytes = sampleBytes * Number(channels);
    return new ListenResume(frameBytes, frameBytes * sampleRate);
  }

  /** For the session. */
  options(limits: Pick<ResumeOptions, 'maxResumes' | 'replayLimitBytes' | 'resumable'>): ResumeOptions {
    return {
      resumable: isResumableTranscription,
      ...limits,
      isFinished: () => this.isClosing,
      acknowledge: (message, streamStart) => this.acknowledge(message, streamStart),
      preamble: () => (this.configuration ? [this.configuration] : []),
    };
  }

  /** Every stream after this one begins with it. */
  rememberConfiguration(message: string): void {
    this.configuration = message;
  }

  /** The message, which has to be the next one that was acknowledged, with times that count from the session's start. */
  shift(message: ListenMessage): ListenMessage {
    const offset = (this.starts.shift() ?? 0) / this.bytesPerSecond;
    return shiftMessage(message, offset);
  }

  private acknowledge(received: Message, streamStart: InputPosition): Partial<InputPosition> | undefined {
    this.starts.push(streamStart.binaryBytes);
    const message = parseMessage<ListenMessage>(textOf(received), LISTEN_MESSAGE_TYPES);
    // The last message of Nova-3: nothing needs to be sent again after it.
    if (message.type === 'Metadata') return { messages: Number.POSITIVE_INFINITY };
    const seconds = settledSeconds(message);
    if (seconds === undefined) return undefined;
    const frames = wholeFrames(seconds, this.bytesPerSecond / this.frameBytes);
    return { binaryBytes: streamStart.binaryBytes + frames * this.frameBytes };
  }
}

/** Close codes of a server that stops: going away, and a restart (RFC 6455, section 7.4.1; IANA's registry). */
const STOPPED = new Set([1001, 1012]);

/** Unlike another protocol's, a transcription can go on in another container: nothing but audio has to be sent again. */
function isResumableTranscription(error: SessionError): boolean {
  if (!(error instanceof ModelStreamClosedError)) return isResumable(error);
  return error.ErrorCode === StreamErrorCode.STREAM_BROKEN || STOPPED.has(error.closeCode ?? 0);
}

/**
 * Whole frames of audio in a time that a model told. A time at a frame's edge counts that frame, although floating point puts it a little
 * before: models count in 32 bits, of which a product is exact to 2⁻²³. Any other time counts the frames that have ended.
 */
export function wholeFrames(seconds: number, framesPerSecond: number): number {
  const frames = seconds * framesPerSecond;
  const nearest = Math.round(frames);
  const tolerance = Math.min(0.49, Math.max(1e-6, frames * 2 ** -23));
  return Math.abs(frames - nearest) <= tolerance ? nearest : Math.floor(frames);
}

/** A message as text; bytes are decoded as UTF-8. */
export function textOf(message: Message): string {
  return typeof message === 'string'
    ? message
    : Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString();
}
