import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { readBase64Samples } from '../audio/base64-audio';
import type { Configuration } from '../configuration';
import { AudioClock } from '../listening/audio-clock';
import { Hearing } from '../listening/hearing';
import type { Playback } from '../listening/playback';
import { endsSentence, type ScriptedWord } from '../script';
import { type ClientEvent, merged, NimSession } from './nim-session';

/** Silence that ends an utterance, in seconds. */
const END_OF_UTTERANCE_SECONDS = 0.24;

/** Audio that may wait for its commit, in bytes. */
const UNCOMMITTED_LIMIT_BYTES = 64 * 1024 * 1024;

/** A new session's settings (docs.nvidia.com, "Realtime API Reference"). */
const SETTINGS = {
  object: 'realtime.transcription_session',
  modalities: ['text'],
  input_audio_format: 'pcm16',
  input_audio_transcription: { language: 'en-US', model: 'speech-simulator', prompt: '' },
  input_audio_params: { sample_rate_hz: 16_000, num_channels: 1 },
  recognition_config: { max_alternatives: 1, enable_automatic_punctuation: false, enable_word_time_offsets: false },
};

/** NIM's realtime transcription: audio is heard when it is committed. */
export class TranscriptionSession extends NimSession {
  readonly statistics = { words: 0, utterances: 0 };
  private settings: Record<string, unknown> = { id: `sess_${randomUUID()}`, ...SETTINGS };
  private uncommitted: Buffer[] = [];
  private uncommittedBytes = 0;
  private words: ScriptedWord[] = [];
  private item = newItem();
  private hearing: Hearing | undefined;

  constructor(
    webSocket: WebSocket,
    private readonly configuration: Configuration,
    private readonly playback: Playback,
  ) {
    super(webSocket);
  }

  protected handle(event: ClientEvent): void {
    switch (event.type) {
      case 'transcription_session.update':
        this.update(event.session);
        break;
      case 'input_audio_buffer.append':
        this.append(event.audio);
        break;
      case 'input_audio_buffer.commit':
        this.commit();
        break;
      case 'input_audio_buffer.clear':
        this.uncommitted = [];
        this.uncommittedBytes = 0;
        this.send('input_audio_buffer.cleared', {});
        break;
      case 'input_audio_buffer.done':
        this.finish();
        break;
      default:
        this.unknown(event.type);
    }
  }

  private update(session: unknown): void {
    const settings = merged(this.settings, session);
    const { sample_rate_hz: rate } = settings.input_audio_params as { sample_rate_hz?: unknown };
    if (typeof rate !== 'number' || rate < 8_000 || rate > 48_000) {
      this.error('invalid_value', 'input_audio_params.sample_rate_hz must be from 8000 to 48000.');
    } else if (this.hearing !== undefined) {
      this.error('invalid_event', 'The session cannot be updated once audio is committed.');
    } else {
      this.settings = settings;
      this.send('transcription_session.updated', { session: settings });
    }
  }

  private append(audio: unknown): void {
    const samples = readBase64Samples(audio);
    if (samples === undefined) {
      this.error('invalid_audio', 'audio must be base64 of 16-bit samples.');
      return;
    }
    this.uncommittedBytes += samples.length;
    if (this.uncommittedBytes > UNCOMMITTED_LIMIT_BYTES) this.webSocket.close(1009);
    this.uncommitted.push(samples);
  }

  private commit(): void {
    if (this.uncommitted.length === 0) {
      this.error('input_audio_buffer_commit_empty', 'There is no audio to commit.');
      return;
    }
    const samples = Buffer.concat(this.uncommitted);
    this.uncommitted = [];
    this.uncommittedBytes = 0;
    this.send('input_audio_buffer.committed', { previous_item_id: null, item_id: this.item });
    this.listen().receive(samples);
  }

  private finish(): void {
    if (this.uncommitted.length > 0) this.commit();
    this.listen().catchUp();
    this.complete(true);
    this.hearing?.end();
  }

  private listen(): Hearing {
    const { sample_rate_hz: sampleRate, num_channels: channels = 1 } = this.settings.input_audio_params as {
      sample_rate_hz: number;
      num_channels?: number;
    };
    this.hearing ??= new Hearing(
      this.webSocket,
      new AudioClock({ encoding: 'linear16', sampleRate, channels }),
      this.playback,
      this.configuration.speed,
      heard => this.step(heard),
    );
    return this.hearing;
  }

  private step(heard: readonly ScriptedWord[]): void {
    for (const word of heard) {
      const delta = this.words.length === 0 ? this.written(word) : ` ${this.written(word)}`;
      this.words.push(word);
      this.statistics.words += 1;
      this.send('conversation.item.input_audio_transcription.delta', { item_id: this.item, content_index: 0, delta });
    }
    const last = this.words.at(-1);
    if (last === undefined || this.hearing!.speaking) return;
    const silence = this.hearing!.time - last.end;
    if (silence >= END_OF_UTTERANCE_SECONDS || (silence > 0 && endsSentence(last.punctuated_word)))
      this.complete(false);
  }

  private complete(isLastResult: boolean): void {
    const words = this.words.map(({ word, start, end, confidence, speaker = 0 }) => ({
      word,
      start_time: Math.round(start * 1000),
      end_time: Math.round(end * 1000),
      confidence,
      speaker_tag: speaker,
    }));
    this.send('conversation.item.input_audio_transcription.completed', {
      item_id: this.item,
      content_index: 0,
      transcript: this.words.map(word => this.written(word)).join(' '),
      words_info: { words },
      is_last_result: isLastResult,
    });
    this.statistics.utterances += 1;
    this.words = [];
    this.item = newItem();
  }

  private written({ word, punctuated_word: punctuated }: ScriptedWord): string {
    const { enable_automatic_punctuation: isPunctuated } = this.settings.recognition_config as Record<string, unknown>;
    return isPunctuated === true ? punctuated : word;
  }
}

function newItem(): string {
  return `item_${randomUUID()}`;
}
