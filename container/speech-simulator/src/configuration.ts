import { Script, ScriptError } from './script';
import { type ListenAddress, Settings } from './streaming/settings';

/** What the container can be told from outside. */
export interface Configuration extends ListenAddress {
  /** What is played where the query brings no transcript. */
  readonly script: Script;
  /** Time without audio or message after which a listening session is closed with `NET-0001`, in milliseconds. */
  readonly idleTimeoutMs: number;
}

/** Deepgram's: audio or `KeepAlive` within 10 seconds (developers.deepgram.com/docs/audio-keep-alive). */
const IDLE_TIMEOUT_MS = 10_000;

/**
 * Reads the configuration.
 *
 * @param environment `SAGEMAKER_BIND_TO_PORT`, `BIDI_BIND_TO_HOST`, `SIMULATOR_SCRIPT` (path of a JSON file; the sample
 *   recording's words by default), `SIMULATOR_IDLE_TIMEOUT_MS`
 * @param words the arguments after the program's name: nothing or `serve`
 * @throws ConfigurationError with every fault at once
 */
export function readConfiguration(environment: NodeJS.ProcessEnv, words: readonly string[]): Configuration {
  const settings = new Settings(environment);
  settings.arguments(words);

  let script = Script.sample();
  const scriptFile = settings.text('SIMULATOR_SCRIPT');
  if (scriptFile) {
    try {
      script = Script.fromFile(scriptFile);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      settings.fault(error.message);
    }
  }

  const configuration = {
    ...settings.listenAddress(),
    script,
    idleTimeoutMs: settings.integer('SIMULATOR_IDLE_TIMEOUT_MS', IDLE_TIMEOUT_MS, 1, 60 * 60_000),
  };
  settings.throwIfInvalid();
  return configuration;
}
