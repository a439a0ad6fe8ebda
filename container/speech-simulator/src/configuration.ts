import { Script, ScriptError } from './script';
import { readSpeed, type SessionSettings, SPEED } from './session-settings';
import { type ListenAddress, Settings } from './streaming/settings';

/** What the container can be told from outside. */
export interface Configuration extends ListenAddress, SessionSettings {
  /** What is played where the query brings no transcript. */
  readonly script: Script;
}

/** Deepgram's: audio or `KeepAlive` within 10 seconds (developers.deepgram.com/docs/audio-keep-alive). */
const IDLE_TIMEOUT_MS = 10_000;

/**
 * Reads the configuration.
 *
 * @param environment `SAGEMAKER_BIND_TO_PORT`, `BIDI_BIND_TO_HOST`, `SIMULATOR_SCRIPT` (path of a JSON file; the sample
 *   recording's words by default), `SIMULATOR_SPEED` (1 by default), `SIMULATOR_IDLE_TIMEOUT_MS`,
 *   `SIMULATOR_BINARY_CONTROL` (`audio` or `control`), `SIMULATOR_FINALIZE_MS`
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

  const speedText = settings.text('SIMULATOR_SPEED') ?? '1';
  const speed = readSpeed(speedText);
  if (speed === undefined) {
    settings.fault(`SIMULATOR_SPEED is "${speedText}". It must be max or a number from ${SPEED.min} to ${SPEED.max}.`);
  }

  const configuration = {
    ...settings.listenAddress(),
    script,
    speed: speed ?? 1,
    binaryControl: settings.oneOf('SIMULATOR_BINARY_CONTROL', ['audio', 'control'], 'audio'),
    finalizeMs: settings.integer('SIMULATOR_FINALIZE_MS', 0, 0, 60_000),
    idleTimeoutMs: settings.integer('SIMULATOR_IDLE_TIMEOUT_MS', IDLE_TIMEOUT_MS, 1, 60 * 60_000),
  };
  settings.throwIfInvalid();
  return configuration;
}
