import { type Command, CommanderError } from 'commander';
import { ExplainedError } from '../lib/contract';
import { ExitCode } from './exit-code';
import { explainFileError } from './file-error';
import { printError } from './print-error';
import { isUsageFault } from './usage-error';

/** Runs a command line on this process's words, prints the error that ends it, and sets the exit code. */
export async function runProgram(program: Command): Promise<void> {
  // A reader may end before the output does, as `head` does: that is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(ExitCode.OK);
    throw error;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
      return;
    }
    const explained = explainFileError(error) ?? error;
    if (explained instanceof ExplainedError) printError(explained);
    else process.stderr.write(`${(error as Error)?.stack ?? error}\n`);
    process.exitCode = isUsageFault(explained) ? ExitCode.USAGE : ExitCode.FAILED;
  }
}
