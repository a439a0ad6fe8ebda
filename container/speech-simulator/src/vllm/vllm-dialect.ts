import type { Dialect } from '../dialect';
import { simulatedBy } from '../identity';
import { Playback } from '../listening/playback';
import { RealtimeSession } from './realtime-session';

/** vLLM's realtime transcription, `v1/realtime` (vLLM 0.32, vllm/entrypoints/speech_to_text/realtime). */
export const vllm: Dialect = ({ path, query }, { configuration, memory, slots }) => {
  if (path !== '/v1/realtime' || query.has('intent')) return undefined;
  const playback = () => new Playback(configuration.script, memory);
  return { headers: simulatedBy(), open: webSocket => new RealtimeSession(webSocket, configuration, slots, playback) };
};
