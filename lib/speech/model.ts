import type { BidiSessionOptions } from '../client/session/options';
import type { SpeechProtocol } from '../contract';
import type { RawAudio } from './audio';
import type { TranscriptionEvent } from './events';

export type { SpeechProtocol };

/** Where a stream of speech goes and how it is opened: path, query, keep-alive and resume follow from the model. */
export type SpeechTarget = Omit<
  BidiSessionOptions,
  'modelInvocationPath' | 'modelQueryString' | 'keepAlive' | 'resume'
>;

/** Capabilities of a speech-to-text model. */
export interface TranscriptionCapabilities {
  /** Whether it says when a turn ends. */
  readonly turnDetection: boolean;
  /** Whether it tells what it has heard before it is final. */
  readonly partials: boolean;
  /** Whether its words have times. */
  readonly timestamps: boolean;
  /** Whether a stream that breaks can go on without a word lost. */
  readonly resume: boolean;
  /** Samples a second that it takes, in Hz; `undefined`: any. */
  readonly sampleRates: readonly number[] | undefined;
  /** Audio that one stream may hold, in seconds, where the model has a limit of its own. */
  readonly maxSeconds?: number;
}

/** One stream of a speech-to-text model. */
export interface TranscriptionStream {
  /** Its events in order, once; throws the error that ended it early. */
  readonly events: AsyncIterable<TranscriptionEvent>;
  /** Whether the model has said that everything was sent. */
  readonly complete: boolean;
  /** Sends audio of the format that the stream was opened for. */
  send(audio: Uint8Array): Promise<void>;
  /** Asks for the remaining results and waits until the model has sent them. */
  finish(): Promise<void>;
  /** Ends it at once. */
  abort(reason?: Error): void;
}

/** A speech-to-text model in its dialect: what `deepgram()`, `vllm()` and `nim()` give. */
export interface TranscriptionModel {
  /** The protocol that it speaks. */
  readonly protocol: SpeechProtocol;
  /** Its capabilities. */
  readonly capabilities: TranscriptionCapabilities;
  /** The audio format to send in place of a given one; the same object where the model takes that one. */
  accepts(audio: RawAudio): RawAudio;
  /**
   * Opens a stream.
   *
   * @throws SessionError when it cannot be opened
   */
  open(target: SpeechTarget, audio: RawAudio): Promise<TranscriptionStream>;
}
