import type { RawAudio } from '../../speech';

/** An event of the client's that is not served, as OpenAI's `error` event says it. */
export class InvalidRequestError extends Error {
  constructor(
    message: string,
    readonly code: string,
    /** The parameter that is wrong. */
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

/** OpenAI's formats of audio (its realtime reference, `RealtimeAudioFormats`). */
const FORMATS: Readonly<Record<string, RawAudio>> = {
  'audio/pcm': { encoding: 'linear16', sampleRate: 24_000, channels: 1 },
  'audio/pcmu': { encoding: 'mulaw', sampleRate: 8_000, channels: 1 },
  'audio/pcma': { encoding: 'alaw', sampleRate: 8_000, channels: 1 },
};

/** The format before a client sets one. */
export const DEFAULT_FORMAT = FORMATS['audio/pcm']!;

/**
 * The format of the audio that a `session.update` asks for, or the present one.
 *
 * @throws InvalidRequestError when the session asks for what this gateway does not do
 */
export function readFormat(session: unknown, present: RawAudio): RawAudio {
  const { type = 'transcription', audio } = record(session);
  if (type !== 'transcription') {
    throw new InvalidRequestError('This gateway serves transcription sessions alone.', 'invalid_value', 'session.type');
  }
  const { format, turn_detection: turnDetection } = record(record(audio).input);
  if (turnDetection !== undefined && turnDetection !== null) {
    throw new InvalidRequestError(
      'This gateway detects no turns: set turn_detection to null, and send input_audio_buffer.commit where a turn ends.',
      'unsupported_parameter',
      'session.audio.input.turn_detection',
    );
  }
  if (format === undefined) return present;
  const { type: name, rate } = record(format);
  const known = FORMATS[String(name)];
  if (!known || (rate !== undefined && rate !== known.sampleRate)) {
    throw new InvalidRequestError(
      'The audio has to be audio/pcm of 24000 Hz, audio/pcmu or audio/pcma.',
      'invalid_value',
      'session.audio.input.format',
    );
  }
  return known;
}

/** The session as `session.created` and `session.updated` tell it. */
export function sessionOf(id: string, model: string, { encoding, sampleRate }: RawAudio): object {
  const [type] = Object.entries(FORMATS).find(([, format]) => format.encoding === encoding)!;
  const format = type === 'audio/pcm' ? { type, rate: sampleRate } : { type };
  return {
    id,
    type: 'transcription',
    object: 'realtime.transcription_session',
    audio: { input: { format, transcription: { model }, noise_reduction: null, turn_detection: null } },
  };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
