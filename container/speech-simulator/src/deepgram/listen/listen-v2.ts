import type { WebSocket } from 'ws';
import { ParameterError, type Parameters } from '../../parameters';
import { endsSentence, round, type ScriptedWord } from '../../script';
import type { ClientMessage } from '../client-message';
import { NOTICE, SIMULATOR, SIMULATOR_VERSION } from '../identity';
import { type ListeningOptions, ListeningSession } from './listening-session';

/** `Update` comes after this much audio unless something else came, in seconds. */
const UPDATE_SECONDS = 0.25;

/** When a turn ends; ranges and defaults as on developers.deepgram.com/docs/flux/configuration. */
export interface TurnThresholds {
  /** Confidence that ends the turn. 1 leaves it to the timeout and to `ForceEndTurn`. */
  readonly eot_threshold: number;
  /** Confidence that announces the end; undefined when it was not asked for. */
  readonly eager_eot_threshold: number | undefined;
  /** Silence that ends the turn whatever the confidence, in milliseconds. */
  readonly eot_timeout_ms: number;
}

const RANGES = {
  eot_threshold: { min: 0.5, max: 1 },
  eager_eot_threshold: { min: 0.3, max: 0.9 },
  eot_timeout_ms: { min: 500, max: 60_000 },
} as const;

/** @throws ParameterError */
export function readListenV2Parameters(parameters: Parameters): TurnThresholds {
  parameters.required('model', /^flux-general-(en|multi)$/, 'flux-general-en');
  if (parameters.text('language') !== undefined) {
    throw new ParameterError('unknown field `language`; the model name says it, such as `flux-general-en`');
  }
  const number = (name: keyof typeof RANGES) => parameters.number(name, RANGES[name].min, RANGES[name].max);
  return {
    eot_threshold: number('eot_threshold') ?? 0.7,
    eager_eot_threshold: number('eager_eot_threshold'),
    eot_timeout_ms: number('eot_timeout_ms') ?? 5_000,
  };
}

/** Flux: turns of a conversation (developers.deepgram.com/docs/flux/state and "Conversational Speech Recognition", `v2/listen`). */
export class ListenV2Session extends ListeningSession {
  private sequence = 0;
  private turn = 0;
  private turnStart = 0;
  private words: ScriptedWord[] = [];
  private lastReport = 0;
  private awaitingEnd = false;

  constructor(
    webSocket: WebSocket,
    options: ListeningOptions,
    private thresholds: TurnThresholds,
  ) {
    super(webSocket, options, ['Configure', 'ForceEndTurn']);
    this.report({ type: 'Connected', model_name: SIMULATOR, model_version: SIMULATOR_VERSION, notice: NOTICE });
  }

  protected step(heard: readonly ScriptedWord[]): void {
    const starts = this.words.length === 0 && heard.length > 0;
    this.words.push(...heard);
    if (starts) {
      this.turnInfo('StartOfTurn');
    } else if (this.awaitingEnd && (this.speaking || heard.length > 0)) {
      this.awaitingEnd = false;
      this.turnInfo('TurnResumed');
    } else if (this.words.length > 0 && this.silence * 1000 >= this.thresholds.eot_timeout_ms) {
      this.endTurn('timeout');
    } else if (
      this.words.length > 0 &&
      this.thresholds.eot_threshold < 1 &&
      this.confidence >= this.thresholds.eot_threshold
    ) {
      this.endTurn('model');
    } else if (this.eager && !this.awaitingEnd) {
      this.awaitingEnd = true;
      this.turnInfo('EagerEndOfTurn');
    } else if (round(this.time - this.lastReport) >= UPDATE_SECONDS) {
      this.turnInfo('Update');
    }
  }

  protected control(message: ClientMessage): void {
    if (message.type === 'Configure') {
      this.configure(message);
      return;
    }
    this.catchUp();
    if (this.words.length > 0) this.endTurn('manual');
  }

  protected unreadable(fault: string): void {
    this.report({ type: 'Error', code: 'UNPARSABLE_CLIENT_MESSAGE', description: fault });
    this.end(1008, 'UNPARSABLE_CLIENT_MESSAGE');
  }

  protected finish(): void {
    if (this.words.length > 0) this.endTurn('manual');
  }

  /** Silence since the last word of the turn, in seconds. */
  private get silence(): number {
    const last = this.words.at(-1);
    return last === undefined || this.speaking ? 0 : round(this.time - last.end);
  }

  /** Grows with the silence, and faster after the end of a sentence. */
  private get confidence(): number {
    const last = this.words.at(-1);
    if (last === undefined) return 0;
    return round(1 - Math.exp(-this.silence / (endsSentence(last.punctuated_word) ? 0.15 : 0.6)));
  }

  private get eager(): boolean {
    const { eager_eot_threshold: eager } = this.thresholds;
    return eager !== undefined && this.words.length > 0 && this.confidence >= eager;
  }

  private endTurn(trigger: 'model' | 'timeout' | 'manual'): void {
    this.turnInfo('EndOfTurn', { trigger });
    this.turn += 1;
    this.turnStart = this.time;
    this.words = [];
    this.awaitingEnd = false;
  }

  private configure(message: ClientMessage): void {
    const thresholds = (message.thresholds ?? {}) as Record<string, unknown>;
    for (const [name, value] of Object.entries(thresholds)) {
      const range = RANGES[name as keyof typeof RANGES];
      if (range === undefined || typeof value !== 'number' || value < range.min || value > range.max) {
        this.report({
          type: 'ConfigureFailure',
          error_code: 'INVALID_THRESHOLD',
          description: `${name} is out of range.`,
        });
        return;
      }
    }
    this.thresholds = { ...this.thresholds, ...thresholds };
    this.report({ type: 'ConfigureSuccess', thresholds: this.thresholds, keyterms: message.keyterms ?? [] });
  }

  private turnInfo(event: string, more: object = {}): void {
    this.lastReport = this.time;
    this.report({
      type: 'TurnInfo',
      event,
      turn_index: this.turn,
      audio_window_start: this.turnStart,
      audio_window_end: this.time,
      transcript: this.words.map(word => word.punctuated_word).join(' '),
      words: this.words.map(({ punctuated_word: word, confidence, start, end }) => ({ word, confidence, start, end })),
      end_of_turn_confidence: this.confidence,
      ...more,
    });
  }

  private report(message: object): void {
    this.send({ request_id: this.options.requestId, sequence_id: this.sequence, ...message });
    this.sequence += 1;
  }
}
