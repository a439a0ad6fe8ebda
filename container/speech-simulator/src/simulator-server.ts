import type { Configuration } from './configuration';
import { deepgram } from './deepgram/deepgram-dialect';
import { NOTICE } from './deepgram/identity';
import type { Dialect } from './dialect';
import type { DialectName } from './dialect-name';
import { RecordingMemory } from './listening/recording-memory';
import { nim } from './nim/nim-dialect';
import { SequenceSlots } from './sequence-slots';
import type { Log } from './streaming/log';
import { StreamingServer } from './streaming/streaming-server';
import { vllm } from './vllm/vllm-dialect';
import { vllmOmni } from './vllm-omni/vllm-omni-dialect';

/** Longest message, in bytes: a whole recording may come in one. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { deepgram, vllm, 'vllm-omni': vllmOmni, nim };

/** The simulator's server, not yet listening. */
export function simulatorServer(configuration: Configuration, log: Log): StreamingServer {
  const context = {
    configuration,
    log,
    memory: new RecordingMemory(configuration.script.recording),
    slots: new SequenceSlots(configuration.maxSequences),
  };
  return new StreamingServer(
    {
      port: configuration.port,
      host: configuration.host,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      load: async () => log('simulator', { notice: NOTICE }),
      admit: upgrade => {
        for (const name of configuration.dialects) {
          const admission = DIALECTS[name](upgrade, context);
          if (admission !== undefined) return admission;
        }
        return undefined;
      },
    },
    log,
  );
}
