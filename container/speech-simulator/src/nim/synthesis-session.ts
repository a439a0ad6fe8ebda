import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { SpeechQueue } from '../audio/speech-queue';
import { durationMs, tone } from '../audio/tone';
import type { Configuration } from '../configuration';
import { type ClientEvent, merged, NimSession } from './nim-session';

/** Text that may wait for its commit, in characters. */
const UNCOMMITTED_LIMIT = 1024 * 1024;

/** A new session's settings (docs.nvidia.com, "Realtime API Reference" of the text-to-speech NIM). */
const SETTINGS = {
  object: 'realtime.synthesize_session',
  input_text_synthesis: { language_code: 'en-US', voice_name: 'speech-simulator' },
  output_audio_params: { sample_rate_hz: 22_050, num_channels: 1, audio_format: 'LINEAR_PCM' },
};

/** NIM's realtime synthesis. After `completed` it says nothing more: callers connect again. */
export class SynthesisSession extends NimSession {
  readonly statistics = { words: 0, audioMs: 0 };
  private settings: Record<string, unknown> = { id: `sess_${randomUUID()}`, ...SETTINGS };
  private text = '';
  private isDone = false;
  private readonly queue: SpeechQueue;

  constructor(webSocket: WebSocket, configuration: Configuration) {
    super(webSocket);
    this.queue = new SpeechQueue(webSocket, {
      speed: configuration.speed,
      durationMs: bytes => durationMs(bytes, this.output),
      sent: bytes => {
        this.statistics.audioMs += durationMs(bytes, this.output);
      },
      send: (audio, done) => this.send('conversation.item.speech.data', { audio: audio.toString('base64') }, done),
    });
  }

  protected handle(event: ClientEvent): void {
    if (this.isDone) return;
    switch (event.type) {
      case 'synthesize_session.update':
        this.update(event.session);
        break;
      case 'input_text.append':
        this.append(event.text);
        break;
      case 'input_text.commit':
        this.commit();
        this.send('input_text.committed', {});
        break;
      case 'input_text.done':
        this.finish();
        break;
      default:
        this.unknown(event.type);
    }
  }

  private get output() {
    const { sample_rate_hz: sampleRate } = this.settings.output_audio_params as { sample_rate_hz: number };
    return { encoding: 'linear16', sampleRate } as const;
  }

  private update(session: unknown): void {
    const settings = merged(this.settings, session);
    const { sample_rate_hz: rate, audio_format: format } = settings.output_audio_params as Record<string, unknown>;
    if (typeof rate !== 'number' || rate < 8_000 || rate > 48_000) {
      this.error('invalid_value', 'output_audio_params.sample_rate_hz must be from 8000 to 48000.');
    } else if (format !== 'LINEAR_PCM') {
      this.error('invalid_value', `audio_format ${format} is not simulated; LINEAR_PCM is.`);
    } else {
      this.settings = settings;
      this.send('synthesize_session.updated', { session: settings });
    }
  }

  private append(text: unknown): void {
    if (typeof text !== 'string') this.error('invalid_value', 'input_text.append needs a text.');
    else if (this.text.length + text.length > UNCOMMITTED_LIMIT) this.webSocket.close(1009);
    else this.text += text;
  }

  private commit(): void {
    for (const word of this.text.split(/\s+/).filter(word => word !== '')) {
      this.queue.audio(() => {
        this.statistics.words += 1;
        return tone(word, this.output, 1);
      });
    }
    this.text = '';
  }

  private finish(): void {
    this.isDone = true;
    this.commit();
    this.queue.afterwards(() => this.send('conversation.item.speech.completed', { is_last_result: true }));
  }
}
