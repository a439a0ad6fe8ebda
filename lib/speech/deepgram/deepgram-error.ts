import { type DeepgramProduct, ExplainedError, type Explanation } from '../../contract';
import type { ErrorMessage } from './listen-messages';

/** Parameters that the product would refuse; found before anything is opened. */
export class DeepgramParametersError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DEEPGRAM_PARAMETERS';
  /** Each fault as a sentence. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[], explanation: Explanation) {
    super(explanation);
    this.faults = faults;
  }
}

/** The model said that something went wrong and ended the stream. */
export class DeepgramModelError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DEEPGRAM_MODEL';
  /** Deepgram's code, such as `NET-0001`. */
  readonly modelCode: string | undefined;
  /** Deepgram's description. */
  readonly description: string | undefined;

  constructor(message: ErrorMessage, cause?: unknown) {
    const description = message.description ?? message.message;
    super(
      {
        what: `The model reported an error: ${[message.code, description].filter(Boolean).join(': ') || 'without a word'}.`,
        why: WHY[message.code ?? ''] ?? 'The model could not go on with what it was sent.',
        next: NEXT[message.code ?? ''] ?? 'Look the code up at developers.deepgram.com, and at the container’s log.',
      },
      { cause },
    );
    this.modelCode = message.code;
    this.description = description;
  }
}

/** The model ended the stream in order, but it was not asked to. */
export class DeepgramEndedError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DEEPGRAM_ENDED';
  constructor(product: DeepgramProduct) {
    super({
      what: `The model ended the stream before it was sent ${product.closeMessage}.`,
      why: 'It met a limit of its own, or its container is being stopped.',
      next: 'Open another stream and send what was not heard yet; `resume` of speech to text does it when a stream breaks.',
    });
  }
}

/** The stream ended after the close message without the model's word that everything was sent. */
export class DeepgramIncompleteError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DEEPGRAM_INCOMPLETE';
  /** The part of the exchange that is certain all the same. One sentence. */
  readonly certain: string;

  constructor(product: DeepgramProduct, certain: string, cause?: unknown) {
    const reason = cause instanceof ExplainedError ? ` ${cause.what}` : '';
    super(
      {
        what: `The stream ended after ${product.closeMessage} before the model had said that everything was sent.${reason}`,
        why: 'The container failed over the rest, was stopped, or could not read what it was sent.',
        next: `${certain} ${cause instanceof ExplainedError ? cause.next : "Look at the container's log."}`,
      },
      cause === undefined ? undefined : { cause },
    );
    this.certain = certain;
  }
}

/** The model neither answered nor ended the stream after it was asked to finish. */
export class DeepgramDrainError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DEEPGRAM_DRAIN';
  constructor(closeMessage: string, timeoutMs: number) {
    super({
      what: `The model was silent for ${timeoutMs / 1_000} s after ${closeMessage} and did not end the stream.`,
      why: 'It is overloaded, or has failed without a word.',
      next: 'What arrived before is whole; the last words may be missing. Try again with fewer streams, and look at the container’s log.',
    });
  }
}

/** A control message that the product does not have. */
export class UnsupportedMessageError extends ExplainedError {
  override readonly code = 'ERR_BIDI_UNSUPPORTED_MESSAGE';
  constructor(message: string, product: DeepgramProduct) {
    super({
      what: `${product.title} has no ${message} message.`,
      why: 'The model would answer with an error and end the stream.',
      next: `Look at the control messages of ${product.path} at developers.deepgram.com.`,
    });
  }
}

/** Source: developers.deepgram.com, "Errors" of the streaming products. */
const WHY: Readonly<Record<string, string>> = {
  'DATA-0000': 'The audio is not what `encoding` and `sample_rate` say, or is no container that the model reads.',
  'NET-0000': 'The model could not get its data in time.',
  'NET-0001': 'Neither audio nor a KeepAlive came for 10 s.',
};

const NEXT: Readonly<Record<string, string>> = {
  'DATA-0000': 'Check the audio with ffprobe, and that its encoding and sample rate are those of the parameters.',
  'NET-0001': 'Send audio without gaps, or leave keepAlive on.',
};
