/** The members of `session.config` that shape the answers. Other members of vLLM-Omni are accepted and ignored. */
export interface SessionConfig {
  readonly model: string | undefined;
  readonly responseFormat: string;
  readonly streamAudio: boolean;
  readonly wordTimestamps: boolean;
  readonly splitGranularity: 'none' | 'sentence' | 'clause';
  readonly speed: number;
}

const FORMATS = ['wav', 'pcm', 'flac', 'mp3', 'opus'];

const GRANULARITIES = ['none', 'sentence', 'clause'];

/** Reads a `session.config` message, or returns the error of vLLM-Omni. */
export function readSessionConfig(
  message: Readonly<Record<string, unknown>>,
): SessionConfig | { readonly fault: string } {
  const {
    model,
    response_format: format = 'wav',
    stream_audio: stream = false,
    word_timestamps: timestamps = false,
    split_granularity: granularity = 'none',
    speed,
  } = message;
  const pace = speed ?? 1;
  if (!FORMATS.includes(format as string)) return { fault: `response_format: Input should be ${quoted(FORMATS)}` };
  if (!GRANULARITIES.includes(granularity as string)) {
    return { fault: `split_granularity: Input should be ${quoted(GRANULARITIES)}` };
  }
  if (typeof pace !== 'number' || pace < 0.25 || pace > 4) return { fault: 'speed: Input should be from 0.25 to 4' };
  if (stream === true && format !== 'pcm') {
    return {
      fault: `WebSocket streaming audio (stream_audio=true) requires response_format='pcm'. Got response_format='${format}'.`,
    };
  }
  if (stream === true && pace !== 1) return { fault: 'WebSocket stream_audio=true currently requires speed=1.0' };
  return {
    model: typeof model === 'string' ? model : undefined,
    responseFormat: format as string,
    streamAudio: stream === true,
    wordTimestamps: timestamps === true,
    splitGranularity: granularity as SessionConfig['splitGranularity'],
    speed: pace,
  };
}

function quoted(words: readonly string[]): string {
  return words.map(word => `'${word}'`).join(', ');
}
