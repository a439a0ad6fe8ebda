import { DIALECT_NAMES, type DialectName } from './dialect-name';
import { Script, ScriptError } from './script';
import { readSpeed, type SessionSettings, SPEED } from './session-settings';
import { type ListenAddress, Settings } from './streaming/settings';

/** The settings of the container. */
export interface Configuration extends ListenAddress, SessionSettings {
  /** The protocols that it speaks. */
  readonly dialects: readonly DialectName[];
  /** The name under which vLLM serves its model; any other in `session.update` is not found. */
  readonly servedModelName: string;
  /** Sessions that vLLM transcribes at a time; others wait without an answer. */
  readonly maxSequences: number;
  /** Tokens of vLLM's context, 80 ms of audio each; a session that reaches it ends without an error. */
  readonly maxModelLength: number;
  /** The script that is played where the query holds no transcript. */
  readonly script: Script;
}

/** vLLM's default for `max_num_seqs`. */
const MAX_SEQUENCES = 256;

/** An hour of audio, as in the samples for Voxtral. */
const MAX_MODEL_LENGTH = 45_000;

/**
 * Reads the configuration.
 *
 * @param environment `SAGEMAKER_BIND_TO_PORT`, `BIDI_BIND_TO_HOST`, `SIMULATOR_SCRIPT` (path of a JSON file; the sample
 *   recording's words by default), `SIMULATOR_SPEED` (1 by default), `SIMULATOR_IDLE_TIMEOUT_MS`,
 *   `SIMULATOR_BINARY_CONTROL` (`audio` or `control`), `SIMULATOR_FINALIZE_MS`, `SIMULATOR_DIALECTS` (comma-separated), and the
 *   `SM_VLLM_…` variables of the SageMaker vLLM images: `SERVED_MODEL_NAME`, `MODEL`, `MAX_NUM_SEQS`, `MAX_MODEL_LEN`
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

  const dialects = (settings.text('SIMULATOR_DIALECTS') ?? DIALECT_NAMES.join(',')).split(',').map(name => name.trim());
  for (const name of dialects) {
    if ((DIALECT_NAMES as readonly string[]).includes(name)) continue;
    settings.fault(`SIMULATOR_DIALECTS names "${name}". The dialects are ${DIALECT_NAMES.join(', ')}.`);
  }

  const speedText = settings.text('SIMULATOR_SPEED') ?? '1';
  const speed = readSpeed(speedText);
  if (speed === undefined) {
    settings.fault(`SIMULATOR_SPEED is "${speedText}". It must be max or a number from ${SPEED.min} to ${SPEED.max}.`);
  }

  const configuration = {
    ...settings.listenAddress(),
    script,
    dialects: dialects as DialectName[],
    servedModelName:
      settings.text('SM_VLLM_SERVED_MODEL_NAME') ??
      settings.text('SM_VLLM_MODEL') ??
      settings.text('HF_MODEL_ID') ??
      '/opt/ml/model',
    maxSequences: settings.integer('SM_VLLM_MAX_NUM_SEQS', MAX_SEQUENCES, 1, 100_000),
    maxModelLength: settings.integer('SM_VLLM_MAX_MODEL_LEN', MAX_MODEL_LENGTH, 64, 10_000_000),
    speed: speed ?? 1,
    binaryControl: settings.oneOf('SIMULATOR_BINARY_CONTROL', ['audio', 'control'], 'audio'),
    finalizeMs: settings.integer('SIMULATOR_FINALIZE_MS', 0, 0, 60_000),
    idleTimeoutMs: settings.integer('SIMULATOR_IDLE_TIMEOUT_MS', undefined, 1, 60 * 60_000),
  };
  settings.throwIfInvalid();
  return configuration;
}
