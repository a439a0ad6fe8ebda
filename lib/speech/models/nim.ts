import type { RawAudio } from '../audio';
import type { TranscriptionEvent } from '../events';
import type { TranscriptionModel } from '../model';
import { type RealtimeDialect, type RealtimeMessage, RealtimeTranscription } from './realtime-transcription';

/** A speech-to-text NIM, such as Parakeet or Nemotron ASR. */
export interface NimParameters {
  /** Language of the speech, such as `en-US`. */
  readonly language: string;
  /**
   * Name of the model.
   *
   * @default - the one that the container serves
   */
  readonly model?: string;
}

/** Speech to text with NVIDIA NIM's realtime endpoint. Multichannel audio is mixed to mono; any rate goes as it is. */
export function nim(parameters: NimParameters): TranscriptionModel {
  return {
    protocol: 'nim',
    capabilities: { turnDetection: false, partials: true, timestamps: true, resume: false, sampleRates: undefined },
    accepts: ({ sampleRate }) => ({ encoding: 'linear16', sampleRate, channels: 1 }),
    open: (target, audio) =>
      RealtimeTranscription.open(new NimDialect(parameters, audio), target, audio.sampleRate * 2),
  };
}

/** The dialect alone, for a caller that opens the stream and paces the audio itself. */
export function nimDialect(parameters: NimParameters, audio: RawAudio): RealtimeDialect {
  return new NimDialect(parameters, audio);
}

const PREFIX = 'conversation.item.input_audio_transcription.';

interface NimWord {
  readonly word: string;
  readonly start_time?: number;
  readonly end_time?: number;
}

/** Source: nvidia-riva/python-clients, `riva/client/realtime.py`. Not tried against a NIM. */
class NimDialect implements RealtimeDialect {
  readonly protocol = 'nim';
  readonly modelInvocationPath = 'v1/realtime';
  readonly modelQueryString = 'intent=transcription';
  readonly opening: readonly RealtimeMessage[];
  readonly closing = [{ type: 'input_audio_buffer.done' }];
  readonly answersAudio = false;
  readonly silence = 'The container still works on the audio, or has failed without a word.';
  private text = '';
  private finalEnd = 0;

  constructor({ language, model }: NimParameters, { sampleRate }: RawAudio) {
    this.opening = [
      {
        type: 'transcription_session.update',
        session: {
          input_audio_format: 'pcm16',
          input_audio_params: { sample_rate_hz: sampleRate, num_channels: 1 },
          input_audio_transcription: { language, ...(model && { model }) },
          recognition_config: { enable_word_time_offsets: true },
        },
      },
    ];
  }

  audio(audio: string): RealtimeMessage[] {
    return [{ type: 'input_audio_buffer.append', audio }, { type: 'input_audio_buffer.commit' }];
  }

  receive(message: RealtimeMessage, sentSeconds: number): TranscriptionEvent[] {
    if (message.type === `${PREFIX}delta`) {
      this.text += String(message.delta ?? '');
      return [{ type: 'partial', text: this.text }];
    }
    if (message.type !== `${PREFIX}completed`) return [];
    this.text = '';
    const text = String(message.transcript ?? '');
    const words = wordsOf(message);
    const start = words[0]?.start ?? this.finalEnd;
    this.finalEnd = words.at(-1)?.end ?? sentSeconds;
    return [
      ...(text.trim() ? [{ type: 'final' as const, text, start, end: this.finalEnd, words }] : []),
      ...(message.is_last_result ? [{ type: 'done' as const }] : []),
    ];
  }

  errorOf(message: RealtimeMessage): { message: string; code?: string } | undefined {
    if (message.type !== 'error' && message.type !== `${PREFIX}failed`) return undefined;
    const error = (message.error ?? {}) as { message?: string; code?: string };
    return { message: error.message ?? JSON.stringify(message.error ?? 'no reason given'), code: error.code };
  }
}

/** The words with their times, which NIM gives in milliseconds. */
function wordsOf({ words_info: info }: RealtimeMessage) {
  const words = (info as { words?: readonly NimWord[] } | undefined)?.words ?? [];
  return words.flatMap(({ word, start_time: start, end_time: end }) =>
    start === undefined || end === undefined ? [] : [{ text: word, start: start / 1_000, end: end / 1_000 }],
  );
}
