import { randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import { readBase64Samples } from '../audio/base64-audio';
import type { Configuration } from '../configuration';
import type { Playback } from '../listening/playback';
import type { SequenceSlots } from '../sequence-slots';
import type { Session } from '../streaming/streaming-server';
import { Transcription } from './transcription';

/** Audio that may wait for its transcription, in bytes. vLLM has no bound; a simulator must not grow without one. */
const WAITING_LIMIT_BYTES = 64 * 1024 * 1024;

/** Samples of one `append` above which vLLM refuses it (`VLLM_MAX_AUDIO_CLIP_FILESIZE_MB`, 25 by default). */
const CLIP_LIMIT_SAMPLES = 25 * 1024 * 1024;

/** A connection to vLLM's `v1/realtime`: its answers, their order, and where it sends none. */
export class RealtimeSession implements Session {
  readonly statistics = { transcriptions: 0, deltas: 0, errors: 0 };
  /** Audio that no transcription has taken yet; null is the end of an utterance. */
  private queue: (Buffer | null)[] = [];
  private waitingBytes = 0;
  private isModelValidated = false;
  private transcription: Transcription | undefined;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly configuration: Configuration,
    private readonly slots: SequenceSlots,
    private readonly playback: () => Playback,
  ) {
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    webSocket.on('close', () => this.transcription?.abort());
    this.send({ type: 'session.created', id: `sess-${randomUUID().replaceAll('-', '')}`, created: unixTime() });
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      // vLLM reads text only: a binary frame ends its handler, and the server drops the connection without a close frame.
      this.webSocket.terminate();
      return;
    }
    let event: unknown;
    try {
      event = JSON.parse(data.toString());
    } catch {
      this.error('Invalid JSON', 'invalid_json');
      return;
    }
    if (event === null || typeof event !== 'object' || Array.isArray(event)) {
      this.error("the event has no attribute 'get'", 'processing_error');
      return;
    }
    this.handle(event as Record<string, unknown>);
  }

  private handle(event: Record<string, unknown>): void {
    switch (event.type) {
      case 'session.update':
        this.update(event.model);
        break;
      case 'input_audio_buffer.append':
        this.append(event.audio);
        break;
      case 'input_audio_buffer.commit':
        this.commit(event.final === true);
        break;
      default:
        this.error(`Unknown event type: ${event.type ?? 'None'}`, 'unknown_event');
    }
  }

  /** No answer when it is right. */
  private update(model: unknown): void {
    if (model === undefined || model === null) this.error('Missing required field: model', 'invalid_event');
    else if (model !== this.configuration.servedModelName) {
      this.error(`The model \`${model}\` does not exist.`, 'model_not_found');
    } else this.isModelValidated = true;
  }

  private append(audio: unknown): void {
    if (typeof audio !== 'string') {
      const fault = audio === undefined ? 'Field required' : 'Input should be a valid string';
      this.error(`1 validation error for InputAudioBufferAppend\naudio\n  ${fault}`, 'processing_error');
      return;
    }
    const samples = readBase64Samples(audio);
    if (samples === undefined || samples.length / 2 > CLIP_LIMIT_SAMPLES) {
      this.error('Invalid audio data', 'invalid_audio');
      return;
    }
    this.waitingBytes += samples.length;
    if (this.waitingBytes > WAITING_LIMIT_BYTES) this.webSocket.close(1009);
    this.queue.push(samples);
    this.drain();
  }

  private commit(isFinal: boolean): void {
    if (!this.isModelValidated) {
      this.error(
        'Model not validated. Make sure to validate the model by sending a session.update event.',
        'model_not_validated',
      );
    } else if (isFinal) {
      this.queue.push(null);
      this.drain();
    } else if (this.transcription === undefined) {
      // One more while a transcription runs is ignored.
      this.begin();
    }
  }

  private begin(): void {
    this.statistics.transcriptions += 1;
    this.transcription = new Transcription(this.webSocket, this.configuration, this.slots, this.playback(), {
      ready: () => this.drain(),
      delta: delta => {
        this.statistics.deltas += 1;
        this.send({ type: 'transcription.delta', delta });
      },
      done: (text, usage) => {
        this.send({ type: 'transcription.done', text, usage });
        this.transcription = undefined;
        // Audio after the end, such as audio beyond the context, is dropped.
        this.queue = [];
        this.waitingBytes = 0;
      },
    });
    this.drain();
  }

  /** Gives the waiting audio to the transcription that runs. */
  private drain(): void {
    while (this.transcription?.isReady && this.queue.length > 0) {
      const audio = this.queue.shift()!;
      if (audio === null) {
        this.transcription.finish();
      } else {
        this.waitingBytes -= audio.length;
        this.transcription.hear(audio);
      }
    }
  }

  private error(error: string, code: string): void {
    this.statistics.errors += 1;
    this.send({ type: 'error', error, code });
  }

  private send(event: object): void {
    this.webSocket.send(JSON.stringify(event));
  }
}

function unixTime(): number {
  return Math.floor(Date.now() / 1000);
}
