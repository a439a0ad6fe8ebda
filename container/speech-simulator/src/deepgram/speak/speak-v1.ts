import type { RawData, WebSocket } from 'ws';
import type { AudioOutput } from '../../audio/audio-format';
import { SpeechQueue } from '../../audio/speech-queue';
import { durationMs, tone } from '../../audio/tone';
import type { Parameters } from '../../parameters';
import type { SessionSettings } from '../../session-settings';
import type { Session } from '../../streaming/streaming-server';
import { readClientMessage } from '../client-message';
import { MODEL_UUID, NOTICE, SIMULATOR, SIMULATOR_VERSION } from '../identity';
import { readAudioOutput } from './audio-output';

/** @throws ParameterError */
export function readSpeakV1Parameters(parameters: Parameters): AudioOutput {
  parameters.required('model', /^aura-2-[a-z]+-[a-z]{2}$/, 'aura-2-thalia-en');
  parameters.oneOf('container', ['none']);
  return readAudioOutput(parameters);
}

/** Aura-2: text is kept until `Flush` (developers.deepgram.com, "Continuous Text Stream", `v1/speak`). */
export class SpeakV1Session implements Session {
  readonly statistics = { words: 0, audioMs: 0 };
  private text = '';
  private sequence = 0;
  private readonly queue: SpeechQueue;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly output: AudioOutput,
    { speed }: SessionSettings,
    requestId: string,
  ) {
    this.queue = new SpeechQueue(webSocket, {
      speed,
      durationMs: bytes => durationMs(bytes, output),
      sent: bytes => {
        this.statistics.audioMs += durationMs(bytes, output);
      },
    });
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    this.send({
      type: 'Metadata',
      request_id: requestId,
      model_name: SIMULATOR,
      model_version: SIMULATOR_VERSION,
      model_uuid: MODEL_UUID,
      additional_model_uuids: [],
      notice: NOTICE,
    });
  }

  private receive(data: RawData, isBinary: boolean): void {
    const message = isBinary
      ? { fault: 'Only text messages are taken.' }
      : readClientMessage(data.toString(), ['Speak', 'Flush', 'Clear', 'Close']);
    if ('fault' in message) {
      this.webSocket.close(1008, `DATA-0000: ${message.fault}`);
      return;
    }
    switch (message.type) {
      case 'Speak':
        if (typeof message.text === 'string') this.text += message.text;
        else this.webSocket.close(1008, 'DATA-0000: Speak needs a text.');
        break;
      case 'Flush':
        this.say();
        this.confirm('Flushed');
        break;
      case 'Clear':
        this.text = '';
        this.queue.clear();
        this.confirm('Cleared');
        break;
      default:
        this.say();
        this.queue.afterwards(() => this.webSocket.close(1000));
    }
  }

  private say(): void {
    for (const word of this.text.split(/\s+/).filter(word => word !== '')) {
      this.queue.audio(() => {
        this.statistics.words += 1;
        return tone(word, this.output, 1);
      });
    }
    this.text = '';
  }

  private confirm(type: 'Flushed' | 'Cleared'): void {
    const sequence = this.sequence;
    this.sequence += 1;
    this.queue.afterwards(() => this.send({ type, sequence_id: sequence }));
  }

  private send(message: object): void {
    this.webSocket.send(JSON.stringify(message));
  }
}
