import { BIND_TO_HOST_VARIABLE, BIND_TO_PORT_VARIABLE, CONTAINER_PORT, SERVE_ARGUMENT } from './platform';
import { Script, ScriptError } from './script';

/** What the container can be told from outside. */
export interface Configuration {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on; undefined listens on all, which is what the platform needs. */
  readonly host: string | undefined;
  /** What is played where the query brings no transcript. */
  readonly script: Script;
  /** Time without audio or message after which a listening session is closed with `NET-0001`, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/** Deepgram's: audio or `KeepAlive` within 10 seconds (developers.deepgram.com/docs/audio-keep-alive). */
const IDLE_TIMEOUT_MS = 10_000;

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
 * @param environment `SAGEMAKER_BIND_TO_PORT`, `BIDI_BIND_TO_HOST`, `SIMULATOR_SCRIPT` (path of a JSON file; the sample
 *   recording's words by default), `SIMULATOR_IDLE_TIMEOUT_MS`
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

  let script = Script.sample();
  if (environment.SIMULATOR_SCRIPT) {
    try {
      script = Script.fromFile(environment.SIMULATOR_SCRIPT);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      faults.push(error.message);
    }
  }

  const configuration = {
    port: integer(BIND_TO_PORT_VARIABLE, CONTAINER_PORT, 0, 65_535),
    host: environment[BIND_TO_HOST_VARIABLE] || undefined,
    script,
    idleTimeoutMs: integer('SIMULATOR_IDLE_TIMEOUT_MS', IDLE_TIMEOUT_MS, 1, 60 * 60_000),
  };
  if (faults.length > 0) throw new ConfigurationError(faults);
  return configuration;
}
