import type { Message as SessionMessage } from '../../client/session/message';
import type { ParameterValue } from '../../client/session/query-string';
import type { ResumeOptions } from '../../client/session/resume';
import { DeepgramParametersError, UnsupportedMessageError } from './deepgram-error';
import { parseMessage } from './deepgram-message';
import { DeepgramStream, type DeepgramStreamOptions, type OpenedStream } from './deepgram-stream';
import { LISTEN_MESSAGE_TYPES, type ListenMessage, settledSeconds } from './listen-messages';
import type { ListenParameters } from './listen-parameters';

import { ListenResume, textOf } from './listen-resume';
import { type ProductRequest, productRequest } from './product-rules';

/** How to open a speech-to-text stream. */
export interface DeepgramListenOptions extends DeepgramStreamOptions {
  /** Parameters of the product; `model` says which one it is. */
  readonly parameters: ListenParameters;
  /**
   * Go on with another stream when this one breaks or meets the platform's limit of 30 minutes: audio that no final result
   * covers is sent again, and times count on. Needs `encoding` and `sample_rate`: other audio cannot be cut.
   *
   * @default not at all: the break is thrown
   */
  readonly resume?: boolean | Pick<ResumeOptions, 'maxResumes' | 'replayLimitBytes' | 'resumable'>;
}

/**
 * Speech to text with Deepgram's Nova-3 (`v1/listen`) or Flux (`v2/listen`).
 *
 * ```ts
 * await using listen = await DeepgramListen.open({ endpointName, region, parameters: { model: 'nova-3', language: 'en' } });
 * for await (const message of listen.transcribe(audio)) {
 *   if (message.type === 'Results' && message.is_final) console.log(message.channel.alternatives[0]?.transcript);
 * }
 * ```
 */
export class DeepgramListen extends DeepgramStream<ListenMessage> {
  /**
   * Checks the parameters and opens the stream.
   *
   * @throws DeepgramParametersError naming every fault at once, before anything is opened
   * @throws SessionError when the stream cannot be opened
   */
  static async open(options: DeepgramListenOptions): Promise<DeepgramListen> {
    const { parameters, resume: wanted, ...stream } = options;
    const request = DeepgramListen.request(parameters);
    const resume = wanted ? ListenResume.of(parameters) : undefined;
    if (wanted && !resume) throw cannotResume();
    const limits = typeof wanted === 'object' ? wanted : {};
    return new DeepgramListen(await DeepgramStream.openSession(stream, request, resume?.options(limits)), resume);
  }

  /**
   * The path and query string that the parameters open, checked.
   *
   * @throws DeepgramParametersError naming every violation at once.
   */
  static request(parameters: ListenParameters): ProductRequest {
    return productRequest(['nova3', 'flux'], parameters);
  }

  private settled = 0;
  private summarized = false;

  private constructor(
    opened: OpenedStream,
    private readonly resume: ListenResume | undefined,
  ) {
    super(opened);
  }

  /** Sends audio, in pieces of any length. Resolves when the bytes may be reused and there is room for more. */
  send(audio: Uint8Array): Promise<void> {
    return this.put(audio);
  }

  /**
   * Sends all of the audio, closes, and yields everything that is heard, to the last word.
   *
   * A fault of the audio's source ends the audio there: the messages up to it are yielded, and then the fault is thrown.
   * Leaving the loop early ends the audio, too, and closes the stream in order.
   */
  async *transcribe(audio: AsyncIterable<Uint8Array>): AsyncGenerator<ListenMessage, void> {
    yield* this.exchange(audio, chunk => this.send(chunk));
  }

  /**
   * Asks for the results of the audio sent so far, without ending the stream. The answer has `from_finalize`.
   *
   * @throws UnsupportedMessageError with Flux, which has turns instead
   */
  finalize(): Promise<void> {
    if (!this.product.finalize) throw new UnsupportedMessageError('Finalize', this.product);
    return this.control({ type: 'Finalize' });
  }

  /** Changes parameters of a Flux stream while it is open, such as `eot_threshold`. A stream that takes over keeps them. */
  configure(parameters: Readonly<Record<string, ParameterValue>>): Promise<void> {
    const message = JSON.stringify({ type: 'Configure', ...parameters });
    this.resume?.rememberConfiguration(message);
    return this.put(message);
  }

  /** Audio that final results cover, in seconds from the start. Unlike an interim result, a final one does not change. */
  get settledSeconds(): number {
    return this.settled;
  }

  protected override parse(received: SessionMessage): ListenMessage {
    const parsed = parseMessage<ListenMessage>(textOf(received), LISTEN_MESSAGE_TYPES);
    const message = this.resume ? this.resume.shift(parsed) : parsed;
    if (message.type === 'Metadata' && this.isClosing) this.summarized = true;
    this.settled = Math.max(this.settled, settledSeconds(message) ?? 0);
    return message;
  }

  protected override async beforeClose(): Promise<void> {
    if (this.resume) this.resume.isClosing = true;
  }

  /** Nova-3 ends with `Metadata`; Flux has no such message. */
  protected override saidAll(): boolean | undefined {
    return this.product.path === 'v1/listen' ? this.summarized : undefined;
  }

  protected override certain(): string {
    return this.settled > 0
      ? `What was heard up to ${this.settled.toFixed(2)} s is final.`
      : 'No final result came before it.';
  }
}

function cannotResume(): DeepgramParametersError {
  const fault = 'resume needs encoding (linear16, mulaw or alaw) and sample_rate.';
  return new DeepgramParametersError([fault], {
    what: fault,
    why: 'Only bare samples can be cut where the model has heard them; a container cannot.',
    next: 'Send bare samples, or leave resume out.',
  });
}
