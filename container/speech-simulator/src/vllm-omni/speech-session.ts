import type { RawData, WebSocket } from 'ws';
import { SpeechQueue } from '../audio/speech-queue';
import { durationMs, tone } from '../audio/tone';
import { wavFile } from '../audio/wav';
import type { Configuration } from '../configuration';
import type { Session } from '../streaming/streaming-server';
import { readSessionConfig, type SessionConfig } from './session-config';
import { TextSplitter } from './text-splitter';

/** Time for the first `session.config`, in milliseconds. */
const CONFIG_TIMEOUT_MS = 10_000;

/** Time without a message after which the connection ends, in milliseconds, while nothing is spoken. */
const IDLE_TIMEOUT_MS = 30_000;

/** Longest messages, in characters. */
const LONGEST_CONFIG = 4 * 1024 * 1024;
const LONGEST_TEXT = 128 * 1024;

/** Messages that wait while an utterance is spoken. vLLM-Omni has no bound; a simulator must not grow without one. */
const WAITING_LIMIT = 10_000;

const OUTPUT = { encoding: 'linear16', sampleRate: 24_000 } as const;

/** A connection to vLLM-Omni's streaming speech: one message is handled after the other, so nothing interrupts speech. */
export class SpeechSession implements Session {
  readonly statistics = { utterances: 0, sentences: 0, audioMs: 0 };
  private readonly waiting: string[] = [];
  private readonly queue: SpeechQueue;
  private config: SessionConfig | undefined;
  private splitter = new TextSplitter('none');
  private isBusy = false;
  private isUtteranceOpen = false;
  private utterance = 0;
  private sentence = 0;
  private sentenceBytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly configuration: Configuration,
  ) {
    this.queue = new SpeechQueue(webSocket, {
      speed: configuration.speed,
      durationMs: bytes => durationMs(bytes, OUTPUT),
      sent: bytes => {
        this.sentenceBytes += bytes;
        this.statistics.audioMs += durationMs(bytes, OUTPUT);
      },
    });
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    webSocket.on('close', () => {
      clearTimeout(this.timer);
      this.waiting.length = 0;
    });
    this.expect();
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      // Only text is read: Python's KeyError of the message's text.
      this.drop("Internal error: 'text'");
      return;
    }
    this.waiting.push(data.toString());
    if (this.waiting.length > WAITING_LIMIT) this.webSocket.close(1009);
    if (!this.isBusy) void this.work();
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    clearTimeout(this.timer);
    for (let text = this.waiting.shift(); text !== undefined; text = this.waiting.shift()) {
      await this.handle(text);
      if (this.webSocket.readyState !== this.webSocket.OPEN) return;
    }
    this.isBusy = false;
    this.expect();
  }

  /** Waits for the next message, and ends without one. */
  private expect(): void {
    const { config } = this;
    const idleMs = this.configuration.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    this.timer = setTimeout(
      () => this.drop(config ? 'Idle timeout: no message received' : 'Timeout waiting for session.config'),
      config ? idleMs : Math.min(idleMs, CONFIG_TIMEOUT_MS),
    );
  }

  private async handle(text: string): Promise<void> {
    const message = readMessage(text);
    if ('fault' in message) this.fault(message.fault as string);
    else if (message.type === 'session.config') this.configure(message);
    else if (this.config === undefined) this.drop(`Expected session.config, got: ${message.type ?? 'None'}`);
    else if (message.type === 'input.text') await this.take(message.text ?? '', this.config);
    else if (message.type === 'input.done') await this.flush(this.config);
    else if (message.type === 'session.close') this.webSocket.close(1000);
    else this.error(`Unknown message type: ${message.type ?? 'None'}`);
  }

  private configure(message: Readonly<Record<string, unknown>>): void {
    if (this.isUtteranceOpen) {
      this.error('session.config cannot be applied while an utterance is in progress; send input.done first');
      return;
    }
    const config = readSessionConfig(message);
    if ('fault' in config) {
      this.fault(`Invalid session config: ${config.fault}`);
    } else if (config.model !== undefined && config.model !== this.configuration.servedModelName) {
      this.fault(`The model \`${config.model}\` does not exist.`);
    } else {
      this.config = config;
      this.splitter = new TextSplitter(config.splitGranularity);
    }
  }

  private async take(text: unknown, config: SessionConfig): Promise<void> {
    if (typeof text !== 'string') {
      this.error('input.text requires a string value');
      return;
    }
    if (text !== '') this.isUtteranceOpen = true;
    for (const unit of this.splitter.feed(text)) await this.speak(unit, config);
  }

  private async flush(config: SessionConfig): Promise<void> {
    for (const unit of this.splitter.flush()) await this.speak(unit, config);
    this.send({ type: 'session.done', utterance_index: this.utterance, total_sentences: this.sentence });
    this.statistics.utterances += 1;
    this.utterance += 1;
    this.sentence = 0;
    this.isUtteranceOpen = false;
  }

  private async speak(text: string, config: SessionConfig): Promise<void> {
    const where = { utterance_index: this.utterance, sentence_index: this.sentence };
    this.sentence += 1;
    if (config.wordTimestamps) {
      this.error(
        'word_timestamps=true but the server was launched without --forced-aligner; either restart the server with that flag or set word_timestamps=false in session.config.',
      );
      return;
    }
    this.statistics.sentences += 1;
    this.sentenceBytes = 0;
    const { responseFormat: format, streamAudio, speed } = config;
    const rate = streamAudio ? { sample_rate: OUTPUT.sampleRate } : {};
    this.send({ type: 'audio.start', ...where, sentence_text: text, format, ...rate });
    const isEncodable = format === 'wav' || format === 'pcm';
    if (!isEncodable) {
      const place = `utterance ${where.utterance_index}, sentence ${where.sentence_index}`;
      this.error(`Generation failed for ${place}: the simulator encodes wav and pcm only`);
    }
    const words = isEncodable ? text.split(/\s+/).filter(word => word !== '') : [];
    if (streamAudio) {
      for (const word of words) this.queue.audio(() => tone(word, OUTPUT, speed));
    } else if (words.length > 0) {
      const samples = Buffer.concat(words.map(word => tone(word, OUTPUT, speed)));
      this.queue.audio(() => (format === 'wav' ? wavFile(samples, OUTPUT.sampleRate) : samples));
    }
    await this.spoken();
    this.send({ type: 'audio.done', ...where, total_bytes: this.sentenceBytes, error: !isEncodable });
  }

  /** Resolves when everything is sent, or the caller is gone. */
  private spoken(): Promise<void> {
    return new Promise(resolve => {
      this.webSocket.once('close', resolve);
      this.queue.afterwards(() => {
        this.webSocket.off('close', resolve);
        resolve();
      });
    });
  }

  /** A message that cannot be used: before the first configuration it ends the connection. */
  private fault(message: string): void {
    if (this.config === undefined) this.drop(message);
    else this.error(message);
  }

  /** vLLM-Omni's handler returns, and the server drops the connection without a close frame. */
  private drop(message: string): void {
    this.webSocket.send(JSON.stringify({ type: 'error', message }), () => this.webSocket.terminate());
  }

  private error(message: string): void {
    this.send({ type: 'error', message });
  }

  private send(message: object): void {
    this.webSocket.send(JSON.stringify(message));
  }
}

function readMessage(text: string): Record<string, unknown> {
  if (text.length > LONGEST_CONFIG) return { fault: 'WebSocket message too large' };
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return { fault: 'Invalid JSON message' };
  }
  if (message === null || typeof message !== 'object' || Array.isArray(message)) {
    return { fault: 'WebSocket messages must be JSON objects' };
  }
  const { type } = message as { type?: unknown };
  if (type !== 'session.config' && text.length > LONGEST_TEXT) return { fault: 'input.text message too large' };
  return message as Record<string, unknown>;
}
