import { InvalidArgumentError } from 'commander';
import { ExplainedError } from '../lib/contract';
import { ExitCode } from './exit-code';
import { printError } from './print-error';
import { isUsageFault, UsageError } from './usage-error';

/**
 * Runs a command that streams. The first Ctrl-C (or SIGTERM) aborts the signal, upon which the command ends its input, waits for
 * the rest and keeps it; the second ends the process at once.
 */
export async function runStreaming(run: (interrupted: AbortSignal) => Promise<void>): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(ExitCode.INTERRUPTED);
    interrupted.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await run(interrupted.signal);
    if (interrupted.signal.aborted) process.exitCode = ExitCode.INTERRUPTED;
  } catch (thrown) {
    const error = fileFault(thrown) ?? thrown;
    if (interrupted.signal.aborted && (error as Error).name === 'AbortError') {
      process.exitCode = ExitCode.INTERRUPTED;
      return;
    }
    if (!(error instanceof ExplainedError)) throw error;
    const isUsage = isUsageFault(error);
    // Input that an interruption cut off before its first byte is no fault of the input.
    if (!(isUsage && interrupted.signal.aborted)) printError(error);
    process.exitCode = interrupted.signal.aborted ? ExitCode.INTERRUPTED : isUsage ? ExitCode.USAGE : ExitCode.FAILED;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    // A stdin that nobody reads any more would keep the process.
    process.stdin.destroy();
  }
}

/** Opens a stream; an interruption ends the opening at once, and leaves the stream alone once it is open. */
export async function openUnlessInterrupted<Stream>(
  interrupted: AbortSignal,
  open: (abortSignal: AbortSignal) => Promise<Stream>,
): Promise<Stream> {
  interrupted.throwIfAborted();
  const opening = new AbortController();
  const abort = () => opening.abort(interrupted.reason);
  interrupted.addEventListener('abort', abort, { once: true });
  try {
    return await open(opening.signal);
  } finally {
    interrupted.removeEventListener('abort', abort);
  }
}

/** A file that cannot be opened or made, in words instead of a stack. */
function fileFault(error: unknown): UsageError | undefined {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) return undefined;
  return new UsageError(
    {
      what: `${path} cannot be opened: ${message}.`,
      why: 'The file system says no.',
      next: 'Look at the path, who owns it, and its permissions.',
    },
    { cause: error },
  );
}

/** Takes `key=value`, repeated. For commander's `argParser`. */
export function collectPair(
  pair: string,
  previous: Record<string, string | string[]> = {},
): Record<string, string | string[]> {
  const equals = pair.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It has to be key=value.');
  const key = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  const before = previous[key];
  return { ...previous, [key]: before === undefined ? value : [before, value].flat() };
}

/** Takes a number above zero. For commander's `argParser`. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It has to be a number above zero.');
  return value;
}
