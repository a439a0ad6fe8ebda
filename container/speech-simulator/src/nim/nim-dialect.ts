import type { Dialect } from '../dialect';
import { simulatedBy } from '../identity';
import { Playback } from '../listening/playback';
import { SynthesisSession } from './synthesis-session';
import { TranscriptionSession } from './transcription-session';

/**
 * NVIDIA NIM's realtime API, `v1/realtime` with `intent=transcription` or `intent=synthesize` (docs.nvidia.com, "Realtime API
 * Reference" of the speech NIMs; nvidia-riva/python-clients). Not held against a NIM: none can be run without a GPU and a licence.
 */
export const nim: Dialect = ({ path, query }, { configuration, memory }) => {
  if (path !== '/v1/realtime') return undefined;
  switch (query.get('intent')) {
    case 'transcription':
      return {
        headers: simulatedBy(),
        open: webSocket =>
          new TranscriptionSession(webSocket, configuration, new Playback(configuration.script, memory)),
      };
    case 'synthesize':
      return { headers: simulatedBy(), open: webSocket => new SynthesisSession(webSocket, configuration) };
    default:
      return undefined;
  }
};
