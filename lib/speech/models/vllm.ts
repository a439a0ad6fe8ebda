import type { RawAudio } from '../audio';
import type { TranscriptionEvent } from '../events';
import type { TranscriptionModel } from '../model';
import { type RealtimeDialect, type RealtimeMessage, RealtimeTranscription } from './realtime-transcription';

/** Rate that vLLM's realtime endpoint takes, always, in Hz. */
const SAMPLE_RATE = 16_000;

/** Audio of one token of the context, in seconds. */
const SECONDS_PER_TOKEN = 0.08;

/** Tokens of the context that are not audio: 39 before it, and some 10 for the model's delay after it (seen with vLLM 0.32). */
const OTHER_TOKENS = 49;

/** How much less than the audio a whole transcription may have heard, in seconds: the last token may be a part of one. */
const SLACK_SECONDS = 0.5;

/** A model that vLLM serves at `v1/realtime`, such as Voxtral-Mini-4B-Realtime-2602. */
export interface VllmParameters {
  /** Name that the server serves the model under; for weights in `/opt/ml/model` that path, unless the server was told another. */
  readonly model: string;
  /**
   * The server's `--max-model-len`, in tokens. A stream whose audio fills it ends without a word, so another one is opened
   * before, at a pause.
   *
   * @default - not known: streams are as long as the platform allows
   */
  readonly maxModelLen?: number;
}

/** Speech to text with vLLM's realtime endpoint. Audio of any rate is converted to 16 kHz. */
export function vllm({ model, maxModelLen }: VllmParameters): TranscriptionModel {
  return {
    protocol: 'vllm',
    capabilities: {
      turnDetection: false,
      partials: true,
      timestamps: false,
      resume: false,
      sampleRates: [SAMPLE_RATE],
      maxSeconds: maxModelLen === undefined ? undefined : Math.max(0, maxModelLen - OTHER_TOKENS) * SECONDS_PER_TOKEN,
    },
    accepts: () => AUDIO,
    open: target => RealtimeTranscription.open(new VllmDialect(model, maxModelLen), target, SAMPLE_RATE * 2),
  };
}

/** The dialect alone, for a caller that opens the stream and paces the audio itself. */
export function vllmDialect(model: string): RealtimeDialect {
  return new VllmDialect(model);
}

const AUDIO: RawAudio = { encoding: 'linear16', sampleRate: SAMPLE_RATE, channels: 1 };

/** Source: vLLM 0.32, `vllm/entrypoints/speech_to_text/realtime`. */
class VllmDialect implements RealtimeDialect {
  readonly protocol = 'vllm';
  readonly modelInvocationPath = 'v1/realtime';
  readonly opening: readonly RealtimeMessage[];
  readonly closing = [{ type: 'input_audio_buffer.commit', final: true }];
  readonly answersAudio = true;
  readonly silence =
    'It may wait for a free place: vLLM lets sessions beyond --max-num-seqs wait without a word. Or its context is full (--max-model-len; 80 ms of audio a token).';
  private text = '';
  private deltas = 0;

  constructor(
    model: string,
    private readonly maxModelLen?: number,
  ) {
    // The first commit starts the transcription; the audio follows it.
    this.opening = [{ type: 'session.update', model }, { type: 'input_audio_buffer.commit' }];
  }

  audio(audio: string): RealtimeMessage[] {
    return [{ type: 'input_audio_buffer.append', audio }];
  }

  receive(message: RealtimeMessage, sentSeconds: number): TranscriptionEvent[] {
    if (message.type === 'transcription.delta') {
      this.deltas += 1;
      this.text += String(message.delta ?? '');
      return [{ type: 'partial', text: this.text }];
    }
    if (message.type !== 'transcription.done') return [];
    const text = String(message.text ?? this.text);
    const usage = message.usage as { total_tokens?: number } | undefined;
    return [
      ...(text.trim() ? [{ type: 'final' as const, text, start: 0, end: sentSeconds, words: [] }] : []),
      ...(usage ? [{ type: 'usage' as const, totalTokens: usage.total_tokens }] : []),
      { type: 'done' },
    ];
  }

  /** A full context ends a transcription as if the audio had ended. */
  truncation(message: RealtimeMessage, sentSeconds: number, isInputEnded: boolean): string | undefined {
    if (message.type !== 'transcription.done') return undefined;
    const { completion_tokens: tokens, total_tokens: total } = (message.usage ?? {}) as Record<string, number>;
    // Where each token came as a delta, a token is 80 ms of audio. Other models count otherwise, and tell nothing here.
    const heard = tokens === this.deltas ? tokens * SECONDS_PER_TOKEN : undefined;
    const isShort = heard !== undefined && heard < sentSeconds - SLACK_SECONDS;
    const isFull =
      total !== undefined && this.maxModelLen !== undefined && total >= this.maxModelLen && heard === undefined;
    if (isInputEnded && !isShort && !isFull) return undefined;
    const covered =
      heard === undefined
        ? ''
        : ` It heard about ${Math.min(heard, sentSeconds).toFixed(1)} s of ${sentSeconds.toFixed(1)} s.`;
    return `The model's context is full, and it dropped the rest of the audio (--max-model-len; 80 ms of audio a token).${covered}`;
  }

  errorOf({ type, error, code }: RealtimeMessage): { message: string; code?: string } | undefined {
    return type === 'error'
      ? { message: String(error), code: code === undefined ? undefined : String(code) }
      : undefined;
  }
}
