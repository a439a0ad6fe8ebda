import { SESSION_LIMIT_MS } from '../contract';
import type { RawAudio } from './audio';
import { AudioConverter } from './audio/audio-converter';
import { shiftEvent, type TranscriptionEvent } from './events';
import type {
  SpeechProtocol,
  SpeechTarget,
  TranscriptionCapabilities,
  TranscriptionModel,
  TranscriptionStream,
} from './model';
import { PauseDetector } from './pause-detector';

/** Age of a stream at which another is opened, in milliseconds: early enough to wait for a pause. */
const HAND_OVER_AFTER_MS = SESSION_LIMIT_MS - 3 * 60_000;

/** How long a pause is waited for, in milliseconds. Then the change is made within speech. */
const PAUSE_WAIT_MS = 2 * 60_000;

/** Shares of a model's own limit at which another stream is opened, and at which the change does not wait for a pause any more. */
const LIMIT_SHARE = 0.8;
const LIMIT_SHARE_WITHOUT_PAUSE = 0.97;

/** How to open {@link SpeechToText}. */
export interface SpeechToTextOptions extends SpeechTarget {
  /** The model and its dialect: `deepgram({…})`, `vllm({…})` or `nim({…})`. */
  readonly model: TranscriptionModel;
  /** Format of the audio that will be sent. It is converted where the model takes another rate, coding or number of channels. */
  readonly audio: RawAudio;
  /**
   * Age at which a stream hands over to another one, at the next pause, in milliseconds. `Infinity` never.
   *
   * @default 1620000 (27 minutes: the platform ends a stream at 30)
   */
  readonly handOverAfterMs?: number;
}

/** One stream and where in the audio it began. */
interface Segment {
  readonly stream: TranscriptionStream;
  readonly offsetSeconds: number;
  readonly openedAt: number;
}

/**
 * Speech to text over any of the dialects, as one stream of typed events that outlives the platform's 30 minutes.
 *
 * ```ts
 * await using speech = await SpeechToText.open({
 *   endpointName: 'speech', model: deepgram({ model: 'nova-3' }), audio: { encoding: 'linear16', sampleRate: 16_000 },
 * });
 * for await (const event of speech.transcribe(microphone)) if (event.type === 'final') console.log(event.text);
 * ```
 *
 * A stream that grows too old hands over to another one: that is opened first, the change is made at a pause, and times count on.
 */
export class SpeechToText implements AsyncIterable<TranscriptionEvent>, AsyncDisposable {
  /**
   * Opens a stream.
   *
   * @throws SessionError when it cannot be opened
   * @throws ExplainedError when the model would refuse its parameters
   */
  static async open({ model, audio, handOverAfterMs, ...target }: SpeechToTextOptions): Promise<SpeechToText> {
    const accepted = model.accepts(audio);
    const converter = isSame(audio, accepted) ? undefined : await AudioConverter.create(audio, accepted.sampleRate);
    const speech = new SpeechToText(model, audio, accepted, converter, target, handOverAfterMs ?? HAND_OVER_AFTER_MS);
    speech.segments.push(await speech.openSegment(0));
    return speech;
  }

  /** The dialect. */
  readonly protocol: SpeechProtocol;
  /** Capabilities of the model. */
  readonly capabilities: TranscriptionCapabilities;
  /** Format of the audio as the model gets it: another than the given one where it is converted. */
  readonly sentAudio: RawAudio;
  /** What the conversion of the audio loses, in sentences; none where it loses nothing. */
  readonly conversionLosses: readonly string[];
  /** Changes to another stream so far. */
  handOvers = 0;
  /** Changes that no pause came for in time: a word may be cut there. */
  handOversWithinSpeech = 0;
  private readonly segments: Segment[] = [];
  private readonly pauses: PauseDetector;
  private readonly bytesPerSecond: number;
  private sentBytes = 0;
  private next: Promise<TranscriptionStream> | undefined;
  private sending: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;
  private hasEnded = false;

  private constructor(
    private readonly model: TranscriptionModel,
    given: RawAudio,
    accepted: RawAudio,
    private readonly converter: AudioConverter | undefined,
    private readonly target: SpeechTarget,
    private readonly handOverAfterMs: number,
  ) {
    this.protocol = model.protocol;
    this.capabilities = model.capabilities;
    this.sentAudio = accepted;
    this.conversionLosses = lossesOf(given, accepted);
    this.pauses = new PauseDetector(accepted);
    const { encoding, sampleRate, channels = 1 } = accepted;
    this.bytesPerSecond = sampleRate * channels * (encoding === 'linear16' ? 2 : 1);
  }

  /** Whether every stream's model has said that everything was sent. */
  get complete(): boolean {
    return this.hasEnded && this.segments.every(({ stream }) => stream.complete);
  }

  /** Sends audio, in pieces of any length. Resolves when the bytes may be reused and there is room for more. */
  send(audio: Uint8Array): Promise<void> {
    this.sending = this.sending.then(() => this.forward(this.converter ? this.converter.convert(audio) : audio));
    return this.sending;
  }

  /** The events in their order, once. Throws the error that ended a stream before the model had said that everything was sent. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TranscriptionEvent, void> {
    for (let index = 0; index < this.segments.length; index += 1) {
      const { stream, offsetSeconds } = this.segments[index]!;
      for await (const event of stream.events) if (event.type !== 'done') yield shiftEvent(event, offsetSeconds);
    }
    yield { type: 'done' };
  }

  /**
   * Sends all of the audio, closes, and yields every event.
   *
   * A fault of the audio's source ends the audio there: the events up to it are yielded, and then the fault is thrown.
   */
  async *transcribe(audio: AsyncIterable<Uint8Array>): AsyncGenerator<TranscriptionEvent, void> {
    let left = false;
    let fault: { readonly error: unknown } | undefined;
    const sendAll = async () => {
      try {
        for await (const piece of audio) {
          if (left) break;
          await this.send(piece);
        }
      } catch (error) {
        fault = { error };
      }
      await this.close();
    };
    const sent = sendAll();
    sent.catch(() => undefined); // awaited below
    try {
      yield* this;
      await sent;
    } finally {
      left = true;
      await this.close().catch(() => undefined); // thrown above, unless the consumer left
    }
    if (fault) throw fault.error;
  }

  /** Sends the remaining audio, asks the model for the remaining results and waits for them. They can be iterated over afterwards. */
  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  /** Ends everything at once. */
  abort(reason?: Error): void {
    this.next?.then(
      stream => stream.abort(reason),
      () => undefined,
    );
    for (const { stream } of this.segments) stream.abort(reason);
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async finish(): Promise<void> {
    await this.sending.catch(() => undefined); // its caller has the error, and the events throw it
    const rest = this.converter?.end();
    if (rest?.length) await this.forward(rest).catch(() => undefined);
    this.next?.then(
      stream => stream.abort(),
      () => undefined,
    );
    await this.current.stream.finish();
    this.hasEnded = true;
  }

  private get current(): Segment {
    return this.segments.at(-1)!;
  }

  private async forward(audio: Uint8Array): Promise<void> {
    if (audio.length === 0) return;
    await this.current.stream.send(audio);
    this.sentBytes += audio.length;
    const pauses = this.pauses.pausesAfter(audio);
    if (!this.isDue(this.handOverAfterMs, LIMIT_SHARE)) return;
    this.next ??= this.model.open(this.target, this.sentAudio);
    this.next.catch(() => undefined); // thrown where it is awaited
    const isLate = this.isDue(this.handOverAfterMs + PAUSE_WAIT_MS, LIMIT_SHARE_WITHOUT_PAUSE);
    if (pauses || isLate) await this.handOver(pauses);
  }

  /** Whether the present stream has reached an age, or a share of the audio that the model can hold. */
  private isDue(ageMs: number, share: number): boolean {
    const { openedAt, offsetSeconds } = this.current;
    const { maxSeconds = Number.POSITIVE_INFINITY } = this.capabilities;
    return (
      performance.now() - openedAt >= ageMs ||
      this.sentBytes / this.bytesPerSecond - offsetSeconds >= maxSeconds * share
    );
  }

  /** Sends the audio from here on to the stream that was opened for it, and asks the old one for its rest. */
  private async handOver(isPause: boolean): Promise<void> {
    const opening = this.next!;
    this.next = undefined;
    const stream = await opening;
    const old = this.current.stream;
    this.segments.push({ stream, offsetSeconds: this.sentBytes / this.bytesPerSecond, openedAt: performance.now() });
    this.handOvers += 1;
    if (!isPause) this.handOversWithinSpeech += 1;
    old.finish().catch(() => undefined); // its events throw it
  }

  private async openSegment(offsetSeconds: number): Promise<Segment> {
    const stream = await this.model.open(this.target, this.sentAudio);
    return { stream, offsetSeconds, openedAt: performance.now() };
  }
}

/** A lower rate loses high frequencies, and fewer channels lose who said what. Decoding G.711 loses nothing. */
function lossesOf(given: RawAudio, accepted: RawAudio): string[] {
  const { channels = 1, sampleRate } = given;
  const losses: string[] = [];
  if (channels > (accepted.channels ?? 1)) losses.push(`The ${channels} channels are mixed into one.`);
  if (sampleRate > accepted.sampleRate) {
    losses.push(
      `${sampleRate} Hz are converted to ${accepted.sampleRate} Hz: frequencies above ${accepted.sampleRate / 2} Hz are lost.`,
    );
  }
  return losses;
}

function isSame(one: RawAudio, other: RawAudio): boolean {
  return (
    one.encoding === other.encoding &&
    one.sampleRate === other.sampleRate &&
    (one.channels ?? 1) === (other.channels ?? 1)
  );
}
