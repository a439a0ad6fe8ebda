import {
  BIDIRECTIONAL_STREAM_PATH,
  BIND_TO_HOST_VARIABLE,
  BIND_TO_PORT_VARIABLE,
  CONTAINER_PORT,
  INVOCATION_PATH_LIMIT,
  INVOCATION_PATH_PATTERN,
  SERVE_ARGUMENT,
} from './platform';

/** What the container can be told from outside. */
export interface Configuration {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on; undefined listens on all, which is what the platform needs. */
  readonly host: string | undefined;
  /** URL paths that accept a WebSocket, each with its leading slash. */
  readonly paths: ReadonlySet<string>;
  /** Longest message, in bytes, all its fragments together. A longer one is answered with close code 1009. */
  readonly maxMessageBytes: number;
  /** Time for which `/ping` answers 503 as a container does that loads a model, in milliseconds. */
  readonly loadingMs: number;
  /** Under which name the messages of a session are metered; undefined offers no metering. */
  readonly meteringDimension: string | undefined;
}

/** Every message of this container's callers fits: the platform carries at most 1 MB in one part, a message may have many. */
const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** All that is wrong with how the container was started. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads the configuration.
 *
 * @param environment `SAGEMAKER_BIND_TO_PORT`, `BIDI_BIND_TO_HOST`, `ECHO_PATHS` (comma-separated, without leading slash),
 *   `ECHO_MAX_MESSAGE_BYTES`, `ECHO_LOADING_MS`, `ECHO_METERING_DIMENSION`
 * @param words the arguments after the program's name: nothing or `serve`
 * @throws ConfigurationError with every fault at once
 */
export function readConfiguration(environment: NodeJS.ProcessEnv, words: readonly string[]): Configuration {
  const faults: string[] = [];

  if (words.length > 1 || (words.length === 1 && words[0] !== SERVE_ARGUMENT)) {
    faults.push(`Unknown argument "${words.join(' ')}". The only one is "${SERVE_ARGUMENT}".`);
  }

  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const text = environment[name];
    if (text === undefined || text === '') return fallback;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    faults.push(`${name} is "${text}". It must be an integer from ${min} to ${max}.`);
    return fallback;
  };

  const paths = new Set([`/${BIDIRECTIONAL_STREAM_PATH}`]);
  for (const path of (environment.ECHO_PATHS ?? '').split(',').map(word => word.trim())) {
    if (path === '') continue;
    if (path.length > INVOCATION_PATH_LIMIT || !INVOCATION_PATH_PATTERN.test(path)) {
      faults.push(
        `ECHO_PATHS names "${path}". A path is at most ${INVOCATION_PATH_LIMIT} characters: segments of letters, digits, "-", "." and "_" joined by "/", without a leading slash (such as v1/listen).`,
      );
    }
    paths.add(`/${path}`);
  }

  const meteringDimension = environment.ECHO_METERING_DIMENSION || undefined;
  if (meteringDimension !== undefined && !/^[\w.-]{1,64}$/.test(meteringDimension)) {
    faults.push('ECHO_METERING_DIMENSION must be 1 to 64 letters, digits, "_", "-" and ".".');
  }

  const configuration = {
    port: integer(BIND_TO_PORT_VARIABLE, CONTAINER_PORT, 0, 65_535),
    host: environment[BIND_TO_HOST_VARIABLE] || undefined,
    paths,
    // `ws` counts in 32-bit integers.
    maxMessageBytes: integer('ECHO_MAX_MESSAGE_BYTES', DEFAULT_MAX_MESSAGE_BYTES, 1, 2 ** 31 - 1),
    loadingMs: integer('ECHO_LOADING_MS', 0, 0, 60 * 60_000),
    meteringDimension,
  };
  if (faults.length > 0) throw new ConfigurationError(faults);
  return configuration;
}
