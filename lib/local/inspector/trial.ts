import type { ServedModel } from '../../contract';
import type { LocalCredentials } from '../service/local-credentials';

/** What is tried: messages as they are, audio to words, or words to audio. */
export type TrialKind = 'messages' | 'transcribe' | 'speak';

/** A stream that the page asks for. */
export interface TrialRequest {
  /** Name of the endpoint, which may not exist. */
  readonly endpointName: string;
  /** What is tried. */
  readonly kind: TrialKind;
  /**
   * Path of the container's WebSocket, for messages as they are.
   *
   * @default - the platform's
   */
  readonly path?: string;
  /**
   * Query string of the container's WebSocket, for messages as they are.
   *
   * @default - none
   */
  readonly query?: string;
  /**
   * Protocol and name of the model.
   *
   * @default - as the template tells
   */
  readonly model?: ServedModel;
  /**
   * Language of the speech.
   *
   * @default - the model's own
   */
  readonly language?: string;
  /**
   * Samples a second of the microphone's 16-bit samples.
   *
   * @default - the bytes are those of a WAV file, and are sent at real-time pace
   */
  readonly sampleRate?: number;
}

/** What a client needs to reach the local SageMaker. */
export interface TrialTarget {
  /** URL of the local SageMaker, such as `https://localhost:8443`. */
  readonly url: string;
  /** Region to sign for. */
  readonly region: string;
  /** The pair to sign with. */
  readonly credentials: LocalCredentials;
  /** PEM text to trust; undefined without TLS. */
  readonly certificateAuthority: string | undefined;
  /** The model as the template tells it. */
  readonly serves: ServedModel | undefined;
}

/** An event of a trial: a name in `type`, and fields that the page shows. */
export interface TrialEvent {
  /** Name of the event. */
  readonly type: string;
  readonly [field: string]: unknown;
}

/** One stream that a page opened. */
export interface Trial {
  /** What the model answers, in order: events, and audio or binary messages as bytes. Throws what broke the stream. */
  readonly answers: AsyncIterable<TrialEvent | Uint8Array>;
  /** Sends text or bytes. Resolves when there is room for more. */
  send(message: string | Uint8Array): Promise<void>;
  /** Ends the input; the last answers still come. */
  finish(): Promise<void>;
  /** Ends it at once. */
  abort(): void;
}

/**
 * Opens a stream for a page of the inspector. The local SageMaker has no client of its own, so its caller gives it one, and the stream goes
 * the way of every other: signed, over HTTP/2.
 */
export type OpenTrial = (request: TrialRequest, target: TrialTarget) => Promise<Trial>;
