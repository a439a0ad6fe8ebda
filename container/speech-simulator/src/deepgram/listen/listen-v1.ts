import { createHash } from 'node:crypto';
import type { WebSocket } from 'ws';
import { ParameterError, type Parameters } from '../../parameters';
import { round, type ScriptedWord } from '../../script';
import type { ClientMessage } from '../client-message';
import { MODEL_UUID, NOTICE, SIMULATOR, SIMULATOR_ARCHITECTURE, SIMULATOR_VERSION } from '../identity';
import { type ListeningOptions, ListeningSession } from './listening-session';

/** A result becomes final after this much audio, also while someone speaks, in seconds. */
const LONGEST_SEGMENT_SECONDS = 5;

/** An interim result comes at least after this much audio, also of silence, in seconds. */
const INTERIM_SECONDS = 1;

/** The settings of the answers in the query of `v1/listen`. */
export interface ListenV1Parameters {
  readonly interimResults: boolean;
  readonly vadEvents: boolean;
  readonly punctuate: boolean;
  readonly diarize: boolean;
  readonly multilingual: boolean;
  /** Silence that ends a phrase, in seconds; undefined when endpointing is off. */
  readonly endpointingSeconds: number | undefined;
  /** Silence that ends an utterance, in seconds; undefined when it was not asked for. */
  readonly utteranceEndSeconds: number | undefined;
}

/** @throws ParameterError */
export function readListenV1Parameters(parameters: Parameters): ListenV1Parameters {
  const model = parameters.text('model');
  // The default of developers.deepgram.com/docs/language.
  const language = parameters.text('language') ?? 'en';
  if (!model || !/^nova-3/.test(model) || !/^(multi|[a-z]{2,3}(-[A-Za-z0-9]+)*)$/.test(language)) {
    throw new ParameterError(
      'No such model/language/tier combination found. Say model=nova-3 and language=en, for example.',
    );
  }
  const interimResults = parameters.flag('interim_results');
  const utteranceEndMs = parameters.number('utterance_end_ms', 1_000, 5_000);
  if (utteranceEndMs !== undefined && !interimResults) {
    throw new ParameterError('`utterance_end_ms` needs `interim_results=true`');
  }
  const endpointing =
    parameters.text('endpointing') === 'false' ? undefined : (parameters.number('endpointing', 0, 10_000) ?? 10);
  return {
    interimResults,
    vadEvents: parameters.flag('vad_events'),
    punctuate: [parameters.flag('punctuate'), parameters.flag('smart_format')].includes(true),
    diarize: parameters.flag('diarize'),
    multilingual: language === 'multi',
    endpointingSeconds: endpointing === undefined ? undefined : endpointing / 1000,
    utteranceEndSeconds: utteranceEndMs === undefined ? undefined : utteranceEndMs / 1000,
  };
}

/** Nova-3: results that grow with the audio and become final at pauses (developers.deepgram.com, "Live Audio", `v1/listen`). */
export class ListenV1Session extends ListeningSession {
  private readonly created = new Date().toISOString();
  private readonly digest = createHash('sha256');
  /** The words since the last final result, and when it ended. */
  private words: ScriptedWord[] = [];
  private segmentStart = 0;
  private lastResult = 0;
  private lastWordEnd: number | undefined;
  private inSpeech = false;
  private inUtterance = false;

  constructor(
    webSocket: WebSocket,
    options: ListeningOptions,
    private readonly parameters: ListenV1Parameters,
  ) {
    super(webSocket, options, ['Finalize']);
  }

  protected override audio(bytes: Buffer): void {
    this.digest.update(bytes);
  }

  protected step(heard: readonly ScriptedWord[]): void {
    const began = heard[0]?.start ?? this.speechStart;
    if (began !== undefined && !this.inSpeech) {
      this.inSpeech = true;
      if (this.parameters.vadEvents) this.send({ type: 'SpeechStarted', channel: [0], timestamp: began });
    }
    if (heard.length > 0) {
      this.words.push(...heard);
      this.lastWordEnd = heard.at(-1)!.end;
      this.inUtterance = true;
    }
    const silence = this.speaking || this.lastWordEnd === undefined ? 0 : round(this.time - this.lastWordEnd);
    const { endpointingSeconds, utteranceEndSeconds, interimResults } = this.parameters;
    if (this.inSpeech && endpointingSeconds !== undefined && silence > 0 && silence >= endpointingSeconds) {
      this.inSpeech = false;
      this.result({ isFinal: true, speechFinal: true });
    } else if (round(this.time - this.segmentStart) >= LONGEST_SEGMENT_SECONDS) {
      this.result({ isFinal: true });
    } else if (interimResults && (heard.length > 0 || round(this.time - this.lastResult) >= INTERIM_SECONDS)) {
      this.result({});
    }
    if (this.inUtterance && utteranceEndSeconds !== undefined && silence >= utteranceEndSeconds) {
      this.inUtterance = false;
      this.inSpeech = false;
      this.send({ type: 'UtteranceEnd', channel: [0, this.options.channels], last_word_end: this.lastWordEnd });
    }
  }

  protected control(_finalize: ClientMessage): void {
    this.catchUp();
    this.inSpeech = false;
    this.result({ isFinal: true, speechFinal: true, fromFinalize: true });
  }

  protected unreadable(fault: string, text: string): void {
    this.send({ type: 'Error', variant: 'SchemaError', description: fault, message: text });
  }

  protected finish(): void {
    if (this.time > this.segmentStart) this.result({ isFinal: true, speechFinal: this.inSpeech });
    this.send({
      type: 'Metadata',
      transaction_key: 'deprecated',
      request_id: this.options.requestId,
      sha256: this.digest.digest('hex'),
      created: this.created,
      duration: round(this.options.clock.seconds),
      channels: this.options.channels,
      models: [MODEL_UUID],
      model_info: { [MODEL_UUID]: MODEL_INFO },
      // Not in `warnings`: Deepgram's load test counts each of those as an error.
      notice: NOTICE,
    });
  }

  private result({ isFinal = false, speechFinal = false, fromFinalize = false }): void {
    const { punctuate, diarize, multilingual } = this.parameters;
    const words = this.words.map(({ speaker = 0, language = 'en', ...word }) => ({
      ...word,
      ...(diarize && { speaker }),
      ...(multilingual && { language }),
    }));
    const confidence = words.reduce((sum, word) => sum + word.confidence, 0) / (words.length || 1);
    this.send({
      type: 'Results',
      channel_index: [0, this.options.channels],
      duration: round(this.time - this.segmentStart),
      start: this.segmentStart,
      is_final: isFinal,
      speech_final: speechFinal,
      channel: {
        alternatives: [
          {
            transcript: words.map(word => (punctuate ? word.punctuated_word : word.word)).join(' '),
            confidence: round(confidence),
            ...(multilingual && { languages: [...new Set(words.map(word => word.language))] }),
            words,
          },
        ],
      },
      metadata: { request_id: this.options.requestId, model_info: MODEL_INFO, model_uuid: MODEL_UUID },
      from_finalize: fromFinalize,
    });
    this.lastResult = this.time;
    if (!isFinal) return;
    this.words = [];
    this.segmentStart = this.time;
  }
}

const MODEL_INFO = { name: SIMULATOR, version: SIMULATOR_VERSION, arch: SIMULATOR_ARCHITECTURE };
