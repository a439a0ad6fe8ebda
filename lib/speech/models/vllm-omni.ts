import { BidiSession } from '../../client/session/bidi-session';
import { MessageQueue } from '../message-queue';
import type { SpeechTarget } from '../model';
import { SpeechIncompleteError, SpeechModelError } from '../speech-error';
import type { SpeechEvent, VoiceModel, VoiceStream } from '../text-to-speech';

/** Rate of the streamed audio, in Hz. */
const SAMPLE_RATE = 24_000;

/** Events that wait for a consumer before the model is slowed down. */
const QUEUE_LIMIT = 256;

/** How long the model may be silent while text waits to be spoken, in milliseconds. */
const DRAIN_MS = 60_000;

/** How a vLLM-Omni model speaks. */
export interface VllmOmniParameters {
  /**
   * Name of the voice.
   *
   * @default - the model's own
   */
  readonly voice?: string;
  /**
   * Name that the server serves the model under.
   *
   * @default - the one that it serves
   */
  readonly model?: string;
  /**
   * Language of the text.
   *
   * @default - the model finds it out
   */
  readonly language?: string;
  /**
   * How it is to be spoken, in words.
   *
   * @default - none
   */
  readonly instructions?: string;
  /**
   * When text is spoken: each sentence or clause as soon as it is complete, or `none` before the next flush, as one.
   *
   * @default 'sentence'
   */
  readonly splitGranularity?: 'none' | 'sentence' | 'clause';
}

/** Text to speech with vLLM-Omni: 16-bit mono at 24 kHz. It cannot be interrupted: the stream is dropped instead. */
export function vllmOmni(parameters: VllmOmniParameters = {}): VoiceModel {
  return {
    protocol: 'vllm-omni',
    audio: { encoding: 'linear16', sampleRate: SAMPLE_RATE, channels: 1 },
    interruptsInStream: false,
    open: target => VllmOmniVoice.open(parameters, target),
  };
}

/** Source: vLLM-Omni 0.30, `vllm_omni/entrypoints/openai/serving_speech_stream.py`. */
class VllmOmniVoice implements VoiceStream {
  static async open(
    { splitGranularity = 'sentence', ...parameters }: VllmOmniParameters,
    { drainTimeoutMs = DRAIN_MS, ...target }: SpeechTarget,
  ): Promise<VllmOmniVoice> {
    const session = await BidiSession.open({ ...target, modelInvocationPath: 'v1/audio/speech/stream' });
    const audio = { response_format: 'pcm', stream_audio: true, split_granularity: splitGranularity };
    await session.send(JSON.stringify({ type: 'session.config', ...parameters, ...audio }));
    return new VllmOmniVoice(session, drainTimeoutMs);
  }

  readonly events = new MessageQueue<SpeechEvent>(QUEUE_LIMIT);
  complete = false;
  private hasText = false;
  private hasSpoken = false;
  private flushes = 0;
  private spokenFlushes = 0;
  private isClosing = false;
  private failure: unknown;
  private timer: NodeJS.Timeout | undefined;
  private readonly received: Promise<void>;

  private constructor(
    private readonly session: BidiSession,
    private readonly drainTimeoutMs: number,
  ) {
    this.received = this.receive();
  }

  speak(text: string): Promise<void> {
    if (text.trim() === '') return Promise.resolve();
    this.hasText = true;
    return this.send({ type: 'input.text', text });
  }

  async flush(): Promise<void> {
    if (!this.hasText) return;
    this.hasText = false;
    this.flushes += 1;
    await this.send({ type: 'input.done' });
  }

  async finish(): Promise<void> {
    this.events.unbound();
    try {
      await this.flush();
      this.isClosing = true;
      this.timer = setTimeout(
        () => this.session.abort(this.incomplete('The model was silent while text waited to be spoken.')),
        this.drainTimeoutMs,
      );
      if (this.spokenFlushes >= this.flushes) await this.close();
    } catch {
      // The failure ends the reading too, where it is explained.
    }
    await this.received;
    if (this.failure) throw this.failure;
  }

  abort(reason?: Error): void {
    this.session.abort(reason);
  }

  private send(message: object): Promise<void> {
    return this.session.send(JSON.stringify(message));
  }

  private async close(): Promise<void> {
    this.complete = true;
    await this.send({ type: 'session.close' });
    await this.session.closeInput();
  }

  private async receive(): Promise<void> {
    try {
      for await (const received of this.session) {
        this.timer?.refresh();
        await this.take(received);
      }
      if (!this.complete)
        throw this.incomplete('The model closed its WebSocket first; it does so after 30 s without a message.');
    } catch (error) {
      // Once everything was spoken, how the container closes does not matter.
      if (!this.complete) {
        const isOwn = error instanceof SpeechModelError || error instanceof SpeechIncompleteError;
        this.failure = isOwn ? error : this.incomplete((error as Error).message.split('\n')[0]!, error);
      }
      this.session.abort(error);
    }
    clearTimeout(this.timer);
    if (!this.failure) await this.events.push({ type: 'done' });
    this.events.end(this.failure);
  }

  private async take(received: string | Uint8Array): Promise<void> {
    if (typeof received !== 'string') {
      this.hasSpoken = true;
      await this.events.push({ type: 'audio', data: received });
      return;
    }
    const message = JSON.parse(received) as { type?: string; message?: string; error?: string | boolean };
    if (message.type === 'error' || (message.type === 'audio.done' && message.error)) {
      throw new SpeechModelError('vllm-omni', String(message.message ?? message.error));
    }
    if (message.type !== 'session.done') return;
    this.spokenFlushes += 1;
    await this.events.push({ type: 'flushed' });
    if (this.isClosing && this.spokenFlushes >= this.flushes) await this.close();
  }

  private incomplete(why: string, cause?: unknown): SpeechIncompleteError {
    const refusal = this.hasSpoken
      ? ''
      : ' It closes the connection at once when it refuses the configuration, such as a name that is not served.';
    const certain = `The model has spoken ${this.spokenFlushes} of ${this.flushes} flushes.${refusal}`;
    return new SpeechIncompleteError('vllm-omni', why, certain, cause);
  }
}
