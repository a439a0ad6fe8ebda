import type { Configuration } from './configuration';
import type { RecordingMemory } from './listening/recording-memory';
import type { SequenceSlots } from './sequence-slots';
import type { Log } from './streaming/log';
import type { Admission, Upgrade } from './streaming/streaming-server';

/** State that the sessions of one container share. */
export interface DialectContext {
  readonly configuration: Configuration;
  readonly memory: RecordingMemory;
  /** Places of vLLM's `max_num_seqs`. */
  readonly slots: SequenceSlots;
  readonly log: Log;
}

/** One engine's protocol: its answer to an upgrade, or undefined when the path is not its own. */
export type Dialect = (upgrade: Upgrade, context: DialectContext) => Admission | undefined;
