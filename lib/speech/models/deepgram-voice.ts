import type { RawEncoding } from '../audio';
import { DeepgramSpeak, type SpeakMessage, type SpeakParameters } from '../deepgram';
import type { SpeechTarget } from '../model';
import type { SpeechEvent, VoiceModel, VoiceStream } from '../text-to-speech';

/** Text to speech with Deepgram's Aura-2 or Flux. Without `encoding` and `sample_rate`: linear16 at 24 kHz. */
export function deepgramVoice(parameters: SpeakParameters): VoiceModel {
  const { encoding = 'linear16', sample_rate: given } = parameters;
  const sampleRate = given ?? (encoding === 'linear16' ? 24_000 : 8_000);
  const isAura = parameters.model.startsWith('aura-2-');
  return {
    protocol: 'deepgram',
    audio: { encoding: encoding as RawEncoding, sampleRate: Number(sampleRate), channels: 1 },
    interruptsInStream: isAura,
    open: target =>
      DeepgramVoice.open({ ...parameters, encoding, sample_rate: sampleRate } as SpeakParameters, target, isAura),
  };
}

class DeepgramVoice implements VoiceStream {
  static async open(parameters: SpeakParameters, target: SpeechTarget, isAura: boolean): Promise<DeepgramVoice> {
    return new DeepgramVoice(await DeepgramSpeak.open({ ...target, parameters }), isAura);
  }

  readonly interrupt: (() => Promise<void>) | undefined;
  /** The message that says that everything up to a flush was spoken. */
  private readonly flushedType: SpeakMessage['type'];

  private constructor(
    private readonly voice: DeepgramSpeak,
    isAura: boolean,
  ) {
    this.interrupt = isAura ? () => voice.clear() : undefined;
    this.flushedType = isAura ? 'Flushed' : 'SpeechMetadata';
  }

  get complete(): boolean {
    return this.voice.complete;
  }

  get events(): AsyncIterable<SpeechEvent> {
    return this.read();
  }

  speak(text: string): Promise<void> {
    return this.voice.speak(text);
  }

  flush(): Promise<void> {
    return this.voice.flush();
  }

  finish(): Promise<void> {
    return this.voice.close();
  }

  abort(reason?: Error): void {
    this.voice.abort(reason);
  }

  private async *read(): AsyncGenerator<SpeechEvent> {
    for await (const message of this.voice) {
      if (message.type === 'Audio') yield { type: 'audio', data: message.data };
      else if (message.type === this.flushedType) yield { type: 'flushed' };
      else if (message.type === 'Warning') {
        yield { type: 'warning', message: [message.code, message.description].filter(Boolean).join(': ') };
      }
    }
    yield { type: 'done' };
  }
}
