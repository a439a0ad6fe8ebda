import { randomBytes } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { AudioOutput } from '../../audio/audio-format';
import { SpeechQueue } from '../../audio/speech-queue';
import { durationMs, tone } from '../../audio/tone';
import { ParameterError, type Parameters } from '../../parameters';
import type { SessionSettings } from '../../session-settings';
import type { Session } from '../../streaming/streaming-server';
import { type ClientMessage, readClientMessage } from '../client-message';
import { MODEL_UUID, NOTICE, SIMULATOR, SIMULATOR_VERSION } from '../identity';
import { readAudioOutput } from './audio-output';

/** All that `v2/speak` takes; anything else is refused (developers.deepgram.com, "Turn-based Speech (Flux)"). */
const PARAMETERS = ['model', 'encoding', 'sample_rate', 'speed', 'expressivity', 'mip_opt_out', 'tag'];

/** Range of `speed`, where 1 is the usual rate. */
const SPEED = { min: 0.85, max: 1.15 };

/** The settings in the query of `v2/speak`. */
export interface SpeakV2Parameters {
  readonly output: AudioOutput;
  readonly speed: number;
}

/** @throws ParameterError */
export function readSpeakV2Parameters(parameters: Parameters): SpeakV2Parameters {
  for (const name of parameters.names()) {
    if (!PARAMETERS.includes(name) && !name.startsWith('simulator_')) {
      throw new ParameterError(`unknown field \`${name}\`, expected one of ${PARAMETERS.join(', ')}`);
    }
  }
  parameters.required('model', /^flux-[a-z]+-[a-z]{2}$/, 'flux-haley-en');
  return { output: readAudioOutput(parameters), speed: parameters.number('speed', SPEED.min, SPEED.max) ?? 1 };
}

/** One answer of the agent, from its first text to its `Flush`. */
interface Turn {
  readonly id: string;
  characters: number;
  audioMs: number;
  /** Text after the last whole word. */
  rest: string;
  /** Each word said, and when it ended, in milliseconds from the beginning of the session. */
  readonly said: { readonly word: string; readonly endMs: number }[];
}

/** Flux TTS: turns, each between `SpeechStarted` and `SpeechMetadata` (developers.deepgram.com/docs/flux-tts/state). */
export class SpeakV2Session implements Session {
  readonly statistics = { turns: 0, words: 0, characters: 0, audioMs: 0 };
  private speed: number;
  /** The turn that takes text, and the one that sounds. */
  private open: Turn | undefined;
  private sounding: Turn | undefined;
  private unsaid: string[] = [];
  private readonly queue: SpeechQueue;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly parameters: SpeakV2Parameters,
    { speed }: SessionSettings,
    requestId: string,
  ) {
    this.speed = parameters.speed;
    this.queue = new SpeechQueue(webSocket, {
      speed,
      durationMs: bytes => durationMs(bytes, parameters.output),
      sent: bytes => {
        const ms = durationMs(bytes, parameters.output);
        this.statistics.audioMs += ms;
        if (this.sounding) this.sounding.audioMs += ms;
      },
    });
    webSocket.on('message', (data, isBinary) => this.receive(data, isBinary));
    this.send({
      type: 'Connected',
      request_id: requestId,
      model_name: SIMULATOR,
      model_version: SIMULATOR_VERSION,
      model_uuids: [MODEL_UUID],
      notice: NOTICE,
    });
  }

  private receive(data: RawData, isBinary: boolean): void {
    const message = isBinary
      ? { fault: 'Only text messages are taken.' }
      : readClientMessage(data.toString(), ['Speak', 'Flush', 'Interrupt', 'Configure', 'Close']);
    if ('fault' in message) this.fail(message.fault as string);
    else if (message.type === 'Speak') this.speak(message);
    else if (message.type === 'Flush') this.flush();
    else if (message.type === 'Interrupt') this.interrupt(message);
    else if (message.type === 'Configure') this.configure(message);
    else this.close();
  }

  private speak({ text }: ClientMessage): void {
    if (typeof text !== 'string') {
      this.fail('Speak needs a text.');
      return;
    }
    this.open ??= this.begin();
    const turn = this.open;
    turn.characters += text.length;
    const words = (turn.rest + text).split(/\s+/);
    turn.rest = words.pop()!;
    for (const word of words) this.say(turn, word);
  }

  private begin(): Turn {
    const turn: Turn = {
      id: `dg_sp_${randomBytes(6).toString('hex')}`,
      characters: 0,
      audioMs: 0,
      rest: '',
      said: [],
    };
    this.queue.afterwards(() => {
      this.sounding = turn;
      this.send({ type: 'SpeechStarted', speech_id: turn.id });
    });
    return turn;
  }

  private say(turn: Turn, word: string): void {
    if (word === '') return;
    this.unsaid.push(word);
    this.queue.audio(() => {
      this.unsaid.shift();
      this.statistics.words += 1;
      const audio = tone(word, this.parameters.output, this.speed);
      turn.said.push({ word, endMs: this.statistics.audioMs + durationMs(audio.length, this.parameters.output) });
      return audio;
    });
  }

  private flush(): void {
    const turn = this.open;
    if (turn === undefined) {
      this.send({ type: 'Warning', code: 'NO_ACTIVE_SPEECH', description: 'There is no turn to flush.' });
      return;
    }
    this.open = undefined;
    this.send({ type: 'Flushed', speech_id: turn.id });
    this.say(turn, turn.rest);
    this.queue.afterwards(() => {
      this.send({ type: 'SpeechMetadata', ...this.conclude(turn) });
    });
  }

  private interrupt({ playback_offset: offset }: ClientMessage): void {
    const turn = this.sounding ?? this.open;
    if (turn === undefined || this.statistics.audioMs === 0) {
      this.send({ type: 'Warning', code: 'NO_AUDIO_GENERATED', description: 'There is no audio to interrupt.' });
      return;
    }
    const playedMs = typeof offset === 'number' ? offset : Math.round(this.statistics.audioMs);
    const text =
      typeof offset === 'number'
        ? {
            text_spoken: join(turn.said.filter(({ endMs }) => endMs <= offset).map(({ word }) => word)),
            text_remaining: join([
              ...turn.said.filter(({ endMs }) => endMs > offset).map(({ word }) => word),
              ...this.unsaid,
            ]),
          }
        : {};
    this.queue.clear();
    this.unsaid = [];
    this.open = undefined;
    this.send({ type: 'SpeechInterrupted', audio_played_ms: playedMs, ...text, metadata: this.conclude(turn) });
  }

  private configure({ speed }: ClientMessage): void {
    if (typeof speed !== 'number' || speed < SPEED.min || speed > SPEED.max) {
      const description = `speed must be from ${SPEED.min} to ${SPEED.max}.`;
      this.send({ type: 'ConfigureFailure', code: 'SPEED_OUT_OF_RANGE', field: 'speed', value: speed, description });
      return;
    }
    this.speed = speed;
    this.send({ type: 'ConfigureSuccess', applied: { speed } });
  }

  private close(): void {
    if (this.open !== undefined) this.flush();
    this.queue.afterwards(() => {
      this.send({
        type: 'SessionMetadata',
        total_audio_duration_ms: Math.round(this.statistics.audioMs),
        total_input_character_count: this.statistics.characters,
        total_billable_character_count: this.statistics.characters,
      });
      this.webSocket.close(1000);
    });
  }

  private conclude(turn: Turn) {
    this.statistics.turns += 1;
    this.statistics.characters += turn.characters;
    this.sounding = undefined;
    return {
      speech_id: turn.id,
      audio_duration_ms: Math.round(turn.audioMs),
      input_character_count: turn.characters,
      billable_character_count: turn.characters,
      controls_applied: { pronunciations_applied: 0, breaks_applied: 0, pronunciation_warnings: 0 },
    };
  }

  private fail(description: string): void {
    this.send({ type: 'Error', code: 'MESSAGE-0000', description });
    this.webSocket.close(1008, 'MESSAGE-0000');
  }

  private send(message: object): void {
    this.webSocket.send(JSON.stringify(message));
  }
}

function join(words: readonly string[]): string {
  return words.join(' ');
}
