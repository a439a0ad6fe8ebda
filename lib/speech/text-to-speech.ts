import type { RawAudio } from './audio';
import type { SpeechProtocol, SpeechTarget } from './model';

/** An event of a text-to-speech model, the same in every dialect. Tell the events apart by `type`. */
export type SpeechEvent =
  /** Samples, coded as {@link TextToSpeech.audio} says. */
  | {
      /** Kind of the event. */
      readonly type: 'audio';
      /** The samples. */
      readonly data: Uint8Array;
    }
  /** Everything up to a `flush()` was spoken. */
  | {
      /** Kind of the event. */
      readonly type: 'flushed';
    }
  /** The model notes something without ending the stream. */
  | {
      /** Kind of the event. */
      readonly type: 'warning';
      /** The model's words. */
      readonly message: string;
    }
  /** The model has sent everything. The last event. */
  | {
      /** Kind of the event. */
      readonly type: 'done';
    };

/** One stream of a text-to-speech model. */
export interface VoiceStream {
  /** Its events in order, once; throws the error that ended it early. */
  readonly events: AsyncIterable<SpeechEvent>;
  /** Whether the model has said that everything was sent. */
  readonly complete: boolean;
  /** Sends text. */
  speak(text: string): Promise<void>;
  /** Asks the model to speak all text that was sent. */
  flush(): Promise<void>;
  /** Tells the model to drop the text that it has not spoken yet; absent where the dialect has no message for it. */
  interrupt?(): Promise<void>;
  /** Has everything spoken and waits for it. */
  finish(): Promise<void>;
  /** Ends it at once. */
  abort(reason?: Error): void;
}

/** A text-to-speech model in its dialect: what `deepgramVoice()` and `vllmOmni()` give. */
export interface VoiceModel {
  /** The protocol that it speaks. */
  readonly protocol: SpeechProtocol;
  /** How its audio is coded. */
  readonly audio: RawAudio;
  /** Whether it can be interrupted in the stream; otherwise the stream is dropped and another one opened. */
  readonly interruptsInStream: boolean;
  /**
   * Opens a stream.
   *
   * @throws SessionError when it cannot be opened
   */
  open(target: SpeechTarget): Promise<VoiceStream>;
}

/** How to open {@link TextToSpeech}. */
export interface TextToSpeechOptions extends SpeechTarget {
  /** The model and its dialect: `deepgramVoice({…})` or `vllmOmni({…})`. */
  readonly model: VoiceModel;
}

/**
 * Text to speech over any of the dialects: text in as it comes, audio out as it comes.
 *
 * ```ts
 * await using voice = await TextToSpeech.open({ endpointName: 'voice', model: deepgramVoice({ model: 'aura-2-thalia-en' }) });
 * for await (const event of voice.synthesize(['Hello there.'])) if (event.type === 'audio') speaker.write(event.data);
 * ```
 */
export class TextToSpeech implements AsyncIterable<SpeechEvent>, AsyncDisposable {
  /**
   * Opens a stream.
   *
   * @throws SessionError when it cannot be opened
   * @throws ExplainedError when the model would refuse its parameters
   */
  static async open({ model, ...target }: TextToSpeechOptions): Promise<TextToSpeech> {
    return new TextToSpeech(model, target, await model.open(target));
  }

  /** The dialect. */
  readonly protocol: SpeechProtocol;
  /** How the audio is coded. */
  readonly audio: RawAudio;
  private readonly streams: VoiceStream[];
  private readonly dropped = new Set<VoiceStream>();
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly model: VoiceModel,
    private readonly target: SpeechTarget,
    stream: VoiceStream,
  ) {
    this.protocol = model.protocol;
    this.audio = model.audio;
    this.streams = [stream];
  }

  /** Whether the model has said that everything was sent which was not interrupted. */
  get complete(): boolean {
    return this.closing !== undefined && this.current.complete;
  }

  /** Sends text to be spoken. The model speaks when it has a sentence, or at the next {@link flush}. */
  speak(text: string): Promise<void> {
    return this.current.speak(text);
  }

  /** Asks the model to speak all text that was sent. */
  flush(): Promise<void> {
    return this.current.flush();
  }

  /**
   * Tells the model to drop the text that it has not spoken yet, as when its listener begins to speak. Where the dialect has no message for
   * it, the stream is dropped with what is under way and another one opened.
   *
   * @throws SessionError when the other one cannot be opened
   */
  async interrupt(): Promise<void> {
    const stream = this.current;
    if (stream.interrupt) return stream.interrupt();
    this.dropped.add(stream);
    const next = this.model.open(this.target);
    stream.abort();
    this.streams.push(await next);
  }

  /** The events in their order, once. Throws the error that ended the stream before everything was spoken. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SpeechEvent, void> {
    for (let index = 0; index < this.streams.length; index += 1) {
      const stream = this.streams[index]!;
      try {
        for await (const event of stream.events) {
          if (event.type !== 'done' && !this.dropped.has(stream)) yield event;
        }
      } catch (error) {
        if (!this.dropped.has(stream)) throw error;
      }
      while (this.dropped.has(stream) && this.streams.length === index + 1) await new Promise(setImmediate);
    }
    yield { type: 'done' };
  }

  /** Sends all of the texts, has them spoken, closes, and yields every event up to the last sample. */
  async *synthesize(texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<SpeechEvent, void> {
    let left = false;
    let fault: { readonly error: unknown } | undefined;
    const speakAll = async () => {
      try {
        for await (const text of texts) {
          if (left) break;
          await this.speak(text);
        }
      } catch (error) {
        fault = { error };
      }
      await this.close();
    };
    const spoken = speakAll();
    spoken.catch(() => undefined); // awaited below
    try {
      yield* this;
      await spoken;
    } finally {
      left = true;
      await this.close().catch(() => undefined); // thrown above, unless the consumer left
    }
    if (fault) throw fault.error;
  }

  /** Has everything spoken, and closes. Events that arrive meanwhile can be iterated over afterwards. */
  close(): Promise<void> {
    this.closing ??= this.current.finish();
    return this.closing;
  }

  /** Ends everything at once. */
  abort(reason?: Error): void {
    for (const stream of this.streams) stream.abort(reason);
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get current(): VoiceStream {
    return this.streams.at(-1)!;
  }
}
