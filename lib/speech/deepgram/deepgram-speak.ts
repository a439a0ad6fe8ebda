import type { Message as SessionMessage } from '../../client/session/message';
import { DEEPGRAM_SPEAK_TEXT_LIMIT } from '../../contract';
import { UnsupportedMessageError } from './deepgram-error';
import { parseMessage } from './deepgram-message';
import { DeepgramStream, type DeepgramStreamOptions, type OpenedStream } from './deepgram-stream';
import { type ProductRequest, productRequest } from './product-rules';
import { SPEAK_MESSAGE_TYPES, type SpeakMessage } from './speak-messages';
import type { SpeakParameters } from './speak-parameters';

/** How to open a text-to-speech stream. */
export interface DeepgramSpeakOptions extends DeepgramStreamOptions {
  /** Parameters of the product; `model` says which one it is. */
  readonly parameters: SpeakParameters;
}

/**
 * Text to speech with Deepgram's Aura-2 (`v1/speak`) or Flux (`v2/speak`).
 *
 * ```ts
 * await using speak = await DeepgramSpeak.open({ endpointName, region, parameters: { model: 'aura-2-thalia-en' } });
 * for await (const message of speak.synthesize(['Hello there.'])) {
 *   if (message.type === 'Audio') speaker.write(message.data);
 * }
 * ```
 */
export class DeepgramSpeak extends DeepgramStream<SpeakMessage> {
  /**
   * Checks the parameters and opens the stream.
   *
   * @throws DeepgramParametersError naming every fault at once, before anything is opened
   * @throws SessionError when the stream cannot be opened
   */
  static async open(options: DeepgramSpeakOptions): Promise<DeepgramSpeak> {
    const { parameters, ...stream } = options;
    const request = DeepgramSpeak.request(parameters);
    return new DeepgramSpeak(await DeepgramStream.openSession(stream, request));
  }

  /**
   * The path and query string that the parameters open, checked.
   *
   * @throws DeepgramParametersError naming every violation at once.
   */
  static request(parameters: SpeakParameters): ProductRequest {
    return productRequest(['aura2', 'fluxTts'], parameters);
  }

  /** Text was sent that no `Flush` has followed. */
  private unflushed = false;
  private flushes = 0;
  private spokenFlushes = 0;
  /** The message that says that everything up to a `Flush` was spoken: Flux answers `Flushed` before its audio is out. */
  private readonly spokenMessage: SpeakMessage['type'];

  private constructor(opened: OpenedStream) {
    super(opened);
    this.spokenMessage = this.product.path === 'v1/speak' ? 'Flushed' : 'SpeechMetadata';
  }

  /**
   * Sends text to be spoken. Longer text than one message may hold is cut, between words where there are any. The model speaks
   * when it has a sentence, or at the next {@link flush}.
   */
  async speak(text: string): Promise<void> {
    for (const piece of pieces(text, DEEPGRAM_SPEAK_TEXT_LIMIT)) {
      this.unflushed = true;
      await this.control({ type: 'Speak', text: piece });
    }
  }

  /**
   * Asks the model to speak all text that was sent since the last flush. Without such text it sends nothing. Deepgram allows it 20 times a
   * minute.
   */
  async flush(): Promise<void> {
    if (!this.unflushed) return;
    this.unflushed = false;
    this.flushes += 1;
    await this.control({ type: 'Flush' });
  }

  /**
   * Tells the model to drop the text that it has not spoken yet, as when its listener interrupts it.
   *
   * @throws UnsupportedMessageError with Flux
   */
  clear(): Promise<void> {
    if (this.product.path !== 'v1/speak') throw new UnsupportedMessageError('Clear', this.product);
    this.unflushed = false;
    return this.control({ type: 'Clear' });
  }

  /**
   * Sends all of the texts, has them spoken, closes, and yields everything up to the last sample.
   *
   * A fault of the texts' source ends the text there: the messages up to it are yielded, and then the fault is thrown.
   * Leaving the loop early ends the text, too, and closes the stream in order.
   */
  async *synthesize(texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<SpeakMessage, void> {
    yield* this.exchange(texts, text => this.speak(text));
  }

  /** Everything that was sent is spoken before the close message, which ends the stream at once. */
  protected override async beforeClose(): Promise<void> {
    await this.flush();
    await this.until(() => this.spokenFlushes >= this.flushes);
  }

  protected override saidAll(): boolean {
    return this.spokenFlushes >= this.flushes;
  }

  protected override certain(): string {
    return `The model has told the end of ${this.spokenFlushes} of ${this.flushes} flushes.`;
  }

  protected override parse(received: SessionMessage): SpeakMessage {
    if (typeof received !== 'string') return { type: 'Audio', data: received };
    const message = parseMessage<SpeakMessage>(received, SPEAK_MESSAGE_TYPES);
    if (message.type === this.spokenMessage) this.spokenFlushes += 1;
    if (message.type === 'Cleared') this.spokenFlushes = this.flushes;
    return message;
  }
}

/** The text in pieces of at most that many characters, cut after the last space that fits. Loses nothing but those spaces. */
function* pieces(text: string, limit: number): Generator<string> {
  let rest = text;
  while (rest.length > limit) {
    const space = rest.lastIndexOf(' ', limit);
    const end = space > 0 ? space : limit;
    yield rest.slice(0, end);
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  if (rest.trim().length > 0) yield rest;
}
