import { ExplainedError } from '../contract';
import type { SpeechProtocol } from './model';

/** A speech model reported an error. */
export class SpeechModelError extends ExplainedError {
  override readonly code = 'ERR_BIDI_SPEECH_MODEL';
  /** The model's own code, such as `model_not_found`. */
  readonly modelCode: string | undefined;

  constructor(protocol: SpeechProtocol, message: string, modelCode?: string) {
    super({
      what: `The ${protocol} model reported an error${modelCode ? ` (${modelCode})` : ''}: ${message}`,
      why: WHY[modelCode ?? ''] ?? 'The model could not go on with what it was sent.',
      next: NEXT[modelCode ?? ''] ?? "Look at the container's log.",
    });
    this.modelCode = modelCode;
  }
}

/** A stream of speech ended without the model's word that everything was sent. */
export class SpeechIncompleteError extends ExplainedError {
  override readonly code = 'ERR_BIDI_SPEECH_INCOMPLETE';

  constructor(protocol: SpeechProtocol, why: string, certain: string, cause?: unknown) {
    super(
      {
        what: `The ${protocol} stream ended before the model had said that everything was sent.`,
        why,
        next: `${certain} Look at the container's log, and send the rest again.`,
      },
      cause === undefined ? undefined : { cause },
    );
  }
}

/** Source: vLLM 0.32, `vllm/entrypoints/speech_to_text/realtime`. */
const WHY: Readonly<Record<string, string>> = {
  model_not_found: 'The name differs from the one that the server serves the model under.',
  model_not_validated: 'The server takes audio only after `session.update` with its model name.',
  invalid_audio: 'The audio is empty, longer than 25 MB, or not base64 of 16-bit samples.',
};

const NEXT: Readonly<Record<string, string>> = {
  model_not_found:
    "Give `model` the server's --served-model-name; for weights under /opt/ml/model that path, unless it is set.",
};
