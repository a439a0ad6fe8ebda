import { AUDIO_CHUNK_MS } from '../contract';
import type { RawAudio } from './audio';
import { AudioConverter } from './audio/audio-converter';
import { FrameAligner } from './audio/frame-aligner';
import { shiftEvent, type TranscriptionEvent, type WarningEvent } from './events';
import { HAND_OVER_AFTER_MS, HandOverWatch } from './hand-over-watch';
import type {
  SpeechProtocol,
  SpeechTarget,
  TranscriptionCapabilities,
  TranscriptionModel,
  TranscriptionStream,
} from './model';
import { Seam } from './seam';

/** Longer pieces are cut, so that pauses are found in them and no limit is passed within one, in milliseconds. */
const LONG_PIECE_MS = 1_000;

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
  /** Joins its words to those of the stream before, where the change was made within speech. */
  readonly seam?: Seam;
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
 * A stream that grows too old, or whose model's context is nearly full, hands over to another one: that is opened first, the change is made
 * at a pause, and times count on. Where no pause comes, both hear the last seconds, and what both heard is given once.
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
    speech.segments.push({ stream: await model.open(target, accepted), offsetSeconds: 0 });
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
  /** Changes that no pause came for in time: both streams heard the seconds before, and their words were joined. */
  handOversWithinSpeech = 0;
  private readonly segments: Segment[] = [];
  private readonly warnings: WarningEvent[] = [];
  private readonly watch: HandOverWatch;
  private readonly aligner: FrameAligner;
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
    handOverAfterMs: number,
  ) {
    this.protocol = model.protocol;
    this.capabilities = model.capabilities;
    this.sentAudio = accepted;
    this.conversionLosses = lossesOf(given, accepted);
    const { maxSeconds = Number.POSITIVE_INFINITY } = model.capabilities;
    this.watch = new HandOverWatch(accepted, maxSeconds, handOverAfterMs);
    this.aligner = new FrameAligner(this.watch.frameBytes);
  }

  /** Whether every stream's model has said that everything was sent. */
  get complete(): boolean {
    return this.hasEnded && this.segments.every(({ stream }) => stream.complete);
  }

  /** Sends audio, in pieces of any length. Resolves when the bytes may be reused and there is room for more. */
  send(audio: Uint8Array): Promise<void> {
    this.sending = this.sending.then(() =>
      this.forward(this.converter ? this.converter.convert(audio) : this.aligner.take(audio)),
    );
    return this.sending;
  }

  /** The events in their order, once. Throws the error that ended a stream before the model had said that everything was sent. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TranscriptionEvent, void> {
    let timedUntil: number | undefined;
    for (let index = 0; index < this.segments.length; index += 1) {
      for await (const event of this.eventsOf(index)) {
        yield* this.warnings.splice(0);
        const next = this.segments[index + 1]?.seam;
        yield* next ? next.before(event) : [event];
        if (event.type === 'final' && event.words.length > 0) timedUntil = event.end;
      }
      yield* this.segments[index + 1]?.seam?.beforeEnded(timedUntil) ?? [];
    }
    yield* this.warnings.splice(0);
    yield { type: 'done' };
  }

  /** The events of one stream, without the words that the one before it heard too. What was held back of those is passed on first. */
  private async *eventsOf(index: number): AsyncGenerator<TranscriptionEvent, void> {
    const { stream, offsetSeconds, seam } = this.segments[index]!;
    try {
      for await (const event of stream.events) {
        if (event.type === 'done') continue;
        const shifted = shiftEvent(event, offsetSeconds);
        yield* seam ? seam.after(shifted) : [shifted];
      }
    } catch (error) {
      yield* seam?.afterEnded() ?? [];
      throw error;
    }
    yield* seam?.afterEnded() ?? [];
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
    const { openBytes } = this.converter ?? this.aligner;
    if (openBytes > 0) this.warn(`The audio ends within a sample: its last ${openBytes} bytes could not be sent.`);
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
    const { bytesPerSecond, frameBytes } = this.watch;
    const isLong = audio.length > (LONG_PIECE_MS / 1_000) * bytesPerSecond;
    const pieceBytes = isLong
      ? Math.ceil(((AUDIO_CHUNK_MS / 1_000) * bytesPerSecond) / frameBytes) * frameBytes
      : audio.length;
    for (let offset = 0; offset < audio.length; offset += pieceBytes) {
      await this.forwardPiece(audio.subarray(offset, offset + pieceBytes));
    }
  }

  private async forwardPiece(piece: Uint8Array): Promise<void> {
    await this.current.stream.send(piece);
    const moment = this.watch.sent(piece);
    if (moment === undefined) return;
    this.next ??= this.openNext();
    if (moment !== 'soon') await this.handOver(this.next, moment === 'within-speech');
  }

  /** Opens the stream that will take over, and says why, where the reason is the model's own limit. */
  private openNext(): Promise<TranscriptionStream> {
    const { fullness } = this.watch;
    if (fullness) {
      this.warn(`The model's context is nearly full: ${fullness}. Another stream takes over at the next pause.`);
    }
    const next = this.model.open(this.target, this.sentAudio);
    next.catch(() => undefined); // thrown where it is awaited
    return next;
  }

  /** Sends the audio from here on to the stream that was opened for it, and asks the old one for its rest. */
  private async handOver(opening: Promise<TranscriptionStream>, isWithinSpeech: boolean): Promise<void> {
    this.next = undefined;
    const stream = await opening;
    const old = this.current.stream;
    const overlap = isWithinSpeech ? this.watch.overlap() : undefined;
    const until = this.watch.sentSeconds;
    const from = until - (overlap?.length ?? 0) / this.watch.bytesPerSecond;
    this.segments.push({ stream, offsetSeconds: from, ...(overlap && { seam: new Seam(from, until) }) });
    this.watch.changed(from);
    this.handOvers += 1;
    old.finish().catch(() => undefined); // its events throw it
    if (!overlap) return;
    this.handOversWithinSpeech += 1;
    this.warn(
      `No pause came by ${until.toFixed(1)} s of the audio, so another stream took over within speech. Both heard the last ${(until - from).toFixed(1)} s.`,
    );
    await stream.send(overlap);
  }

  private warn(message: string): void {
    this.warnings.push({ type: 'warning', message });
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
