import { ParameterError, type Parameters } from './parameters';

/** Slowest and fastest pace that can be set, as a multiple of real time. */
export const SPEED = { min: 0.1, max: 1_000 };

/** How one session behaves: as the container is configured, unless its query says otherwise. */
export interface SessionSettings {
  /** Pace at which audio is heard and speech is produced, as a multiple of real time; `Infinity` is as fast as possible. */
  readonly speed: number;
  /**
   * Time without audio or message after which a session is ended, in milliseconds, where the model has such a limit. It counts from
   * the end of the audio received, at the pace of the ear. Undefined is the model's own limit.
   */
  readonly idleTimeoutMs: number | undefined;
  /** Whether a binary message that holds a control message's JSON counts as audio or as control. */
  readonly binaryControl: 'audio' | 'control';
  /** Time between `CloseStream` and the last results, in milliseconds: a model needs some. */
  readonly finalizeMs: number;
}

/**
 * Reads the parameters that only the simulator has: `simulator_speed`.
 *
 * @throws ParameterError
 */
export function readSessionSettings(parameters: Parameters, configuration: SessionSettings): SessionSettings {
  const text = parameters.text('simulator_speed');
  if (text === undefined) return configuration;
  const speed = readSpeed(text);
  if (speed !== undefined) return { ...configuration, speed };
  throw new ParameterError(
    `invalid value \`${text}\` of \`simulator_speed\`, expected max or a number from ${SPEED.min} to ${SPEED.max}`,
  );
}

/** A pace as a multiple of real time; `max` is `Infinity`; undefined when it is none. */
export function readSpeed(text: string): number | undefined {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = text.trim() === '' ? Number.NaN : Number(text);
  return speed >= SPEED.min && speed <= SPEED.max ? speed : undefined;
}
