import { ExplainedError } from '../lib/contract';

/** The command could not run: wrong words, a missing file, nothing to stream to. */
export class UsageError extends ExplainedError {}

/** Errors that say "it could not run" rather than "it ran and broke", by class name: their modules are loaded late. */
const USAGE_FAULTS = new Set([
  'UsageError',
  'SynthesisError',
  'UnknownStackError',
  'CloudAssemblyError',
  'AudioFormatError',
  'DeepgramParametersError',
  'ClientConfigurationError',
  'GeneratorStartError',
  'MissingRegionError',
]);

/** Whether the error says that a command could not run. */
export function isUsageFault(error: unknown): boolean {
  return error instanceof ExplainedError && USAGE_FAULTS.has(error.name);
}
