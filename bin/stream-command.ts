import { InvalidArgumentError } from 'commander';
import { ExplainedError } from '../lib/contract';
import { ExitCode } from './exit-code';
import { explainFileError } from './file-error';
import { explainStreamError, type StreamingCommand } from './option-names';
import { printError } from './print-error';
import type { StreamTargetOptions } from './stream-target';
import { isUsageFault } from './usage-error';

/**
 * Runs a command that streams. The first Ctrl-C (or SIGTERM) aborts the signal, upon which the command ends its input, waits for
 * the rest and keeps it; the second ends the process at once.
 */
export async function runStreaming(
  command: StreamingCommand,
  options: StreamTargetOptions,
  run: (interrupted: AbortSignal) => Promise<void>,
): Promise<void> {
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
    const error = explainFileError(thrown) ?? thrown;
    if (interrupted.signal.aborted && (error as Error).name === 'AbortError') {
      process.exitCode = ExitCode.INTERRUPTED;
      return;
    }
    if (!(error instanceof ExplainedError)) throw error;
    const isUsage = isUsageFault(error);
    // Input that an interruption cut off before its first byte is no fault of the input.
    if (!(isUsage && interrupted.signal.aborted)) printError(explainStreamError(error, command, options));
    process.exitCode = interrupted.signal.aborted ? ExitCode.INTERRUPTED : isUsage ? ExitCode.USAGE : ExitCode.FAILED;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    // A stdin that is no longer read would keep the process running.
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

/** Takes a number above zero. For commander's `argParser`. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It has to be a number above zero.');
  return value;
}
