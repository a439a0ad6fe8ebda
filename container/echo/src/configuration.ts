import { BIDIRECTIONAL_STREAM_PATH, INVOCATION_PATH_LIMIT, INVOCATION_PATH_PATTERN } from './streaming/platform';
import { type ListenAddress, Settings } from './streaming/settings';

/** The settings of the container. */
export interface Configuration extends ListenAddress {
  /** URL paths that accept a WebSocket, each with its leading slash. */
  readonly paths: ReadonlySet<string>;
  /** Longest message, in bytes, all its fragments together. A longer one is answered with close code 1009. */
  readonly maxMessageBytes: number;
  /** Time for which `/ping` answers 503 as a container does that loads a model, in milliseconds. */
  readonly loadingMs: number;
  /** Under which name the messages of a session are metered; undefined offers no metering. */
  readonly meteringDimension: string | undefined;
  /** Whether the path `probe` reports the frames that it receives. */
  readonly probe: boolean;
}

/** Every message of this container's callers fits: the platform carries at most 1 MB in one part, a message may have many. */
const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * Reads the configuration.
 *
 * @param environment `SAGEMAKER_BIND_TO_PORT`, `BIDI_BIND_TO_HOST`, `ECHO_PATHS` (comma-separated, without leading slash),
 *   `ECHO_MAX_MESSAGE_BYTES`, `ECHO_LOADING_MS`, `ECHO_METERING_DIMENSION`, `ECHO_PROBE`
 * @param words the arguments after the program's name: nothing or `serve`
 * @throws ConfigurationError with every fault at once
 */
export function readConfiguration(environment: NodeJS.ProcessEnv, words: readonly string[]): Configuration {
  const settings = new Settings(environment);
  settings.arguments(words);

  const paths = new Set([`/${BIDIRECTIONAL_STREAM_PATH}`]);
  for (const path of (settings.text('ECHO_PATHS') ?? '').split(',').map(word => word.trim())) {
    if (path === '') continue;
    if (path.length > INVOCATION_PATH_LIMIT || !INVOCATION_PATH_PATTERN.test(path)) {
      settings.fault(
        `ECHO_PATHS names "${path}". A path is at most ${INVOCATION_PATH_LIMIT} characters: segments of letters, digits, "-", "." and "_" joined by "/", without a leading slash (such as v1/listen).`,
      );
    }
    paths.add(`/${path}`);
  }

  const meteringDimension = settings.text('ECHO_METERING_DIMENSION');
  if (meteringDimension !== undefined && !/^[\w.-]{1,64}$/.test(meteringDimension)) {
    settings.fault('ECHO_METERING_DIMENSION must be 1 to 64 letters, digits, "_", "-" and ".".');
  }

  const configuration = {
    ...settings.listenAddress(),
    paths,
    // `ws` counts in 32-bit integers.
    maxMessageBytes: settings.integer('ECHO_MAX_MESSAGE_BYTES', DEFAULT_MAX_MESSAGE_BYTES, 1, 2 ** 31 - 1),
    loadingMs: settings.integer('ECHO_LOADING_MS', 0, 0, 60 * 60_000),
    meteringDimension,
    probe: settings.oneOf('ECHO_PROBE', ['on', 'off'], 'on') === 'on',
  };
  settings.throwIfInvalid();
  return configuration;
}
