import type { Dialect } from '../dialect';
import { simulatedBy } from '../identity';
import { SpeechSession } from './speech-session';

/** vLLM-Omni's streaming speech, `v1/audio/speech/stream` (vLLM-Omni 0.30, vllm_omni/entrypoints/openai/serving_speech_stream.py). */
export const vllmOmni: Dialect = ({ path }, { configuration }) => {
  if (path !== '/v1/audio/speech/stream') return undefined;
  return { headers: simulatedBy(), open: webSocket => new SpeechSession(webSocket, configuration) };
};
