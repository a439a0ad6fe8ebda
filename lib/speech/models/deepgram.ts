import type { RawAudio } from '../audio';
import {
  DeepgramListen,
  type DeepgramListenOptions,
  type ListenMessage,
  type ListenParameters,
  Transcript,
  type Utterance,
} from '../deepgram';
import type { TranscriptionEvent } from '../events';
import type { SpeechTarget, TranscriptionModel, TranscriptionStream } from '../model';

/** Parameters of a Deepgram product but those that follow from the audio. */
export type DeepgramTranscriptionParameters = Omit<ListenParameters, 'encoding' | 'sample_rate' | 'channels'> & {
  /** Name of the model, such as `nova-3`. */
  readonly model: string;
};

/** Speech to text with Deepgram's Nova-3 or Flux. A stream that breaks goes on without a word lost, unless `resume` is `false`. */
export function deepgram(
  parameters: DeepgramTranscriptionParameters,
  resume: DeepgramListenOptions['resume'] = true,
): TranscriptionModel {
  const isFlux = parameters.model.startsWith('flux-');
  return {
    protocol: 'deepgram',
    capabilities: {
      turnDetection: true,
      partials: true,
      timestamps: true,
      resume: resume !== false,
      sampleRates: undefined,
    },
    accepts: audio => (isFlux ? { encoding: 'linear16', sampleRate: audio.sampleRate, channels: 1 } : audio),
    open: (target, audio) => DeepgramTranscription.open(parameters, isFlux, resume, target, audio),
  };
}

class DeepgramTranscription implements TranscriptionStream {
  static async open(
    parameters: DeepgramTranscriptionParameters,
    isFlux: boolean,
    resume: DeepgramListenOptions['resume'],
    target: SpeechTarget,
    { encoding, sampleRate, channels = 1 }: RawAudio,
  ): Promise<DeepgramTranscription> {
    const listen = await DeepgramListen.open({
      ...target,
      resume,
      parameters: {
        ...(isFlux ? {} : { interim_results: true, smart_format: true }),
        ...parameters,
        encoding,
        sample_rate: sampleRate,
        ...(channels > 1 && { channels }),
      } as ListenParameters,
    });
    return new DeepgramTranscription(listen);
  }

  private readonly transcript = new Transcript();
  private shown = '';

  private constructor(private readonly listen: DeepgramListen) {}

  get complete(): boolean {
    return this.listen.complete;
  }

  get events(): AsyncIterable<TranscriptionEvent> {
    return this.read();
  }

  send(audio: Uint8Array): Promise<void> {
    return this.listen.send(audio);
  }

  finish(): Promise<void> {
    return this.listen.close();
  }

  abort(reason?: Error): void {
    this.listen.abort(reason);
  }

  private async *read(): AsyncGenerator<TranscriptionEvent> {
    for await (const message of this.listen) yield* this.eventsOf(message);
    yield* this.transcript.end().map(finalOf);
    yield { type: 'done' };
  }

  private *eventsOf(message: ListenMessage): Generator<TranscriptionEvent> {
    yield* this.transcript.add(message).map(finalOf);
    const { interim } = this.transcript;
    if (interim && interim !== this.shown) yield { type: 'partial', text: interim };
    this.shown = interim;
    if (message.type === 'SpeechStarted') yield { type: 'speechStarted', at: message.timestamp };
    else if (message.type === 'UtteranceEnd') yield { type: 'turnEnded', at: message.last_word_end };
    else if (message.type === 'Metadata') yield { type: 'usage', audioSeconds: message.duration };
    else if (message.type === 'TurnInfo' && message.event === 'StartOfTurn') {
      yield { type: 'speechStarted', at: message.audio_window_start };
    } else if (message.type === 'TurnInfo' && message.event === 'EndOfTurn') {
      yield { type: 'turnEnded', at: message.audio_window_end };
    }
  }
}

function finalOf({ text, words, channel }: Utterance): TranscriptionEvent {
  const start = words[0]?.start ?? 0;
  return {
    type: 'final',
    text,
    start,
    end: words.at(-1)?.end ?? start,
    words,
    ...(channel !== undefined && { channel }),
  };
}
