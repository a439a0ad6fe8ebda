import { CommanderError } from 'commander';
import { ExplainedError } from '../lib/contract';
import { ExitCode } from './exit-code';
import { printError } from './print-error';
import { program } from './program';
import { isUsageFault } from './usage-error';

async function main(): Promise<void> {
  // A reader that has seen enough, such as `head`, is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(ExitCode.OK);
    throw error;
  });
  try {
    await program().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
      return;
    }
    if (error instanceof ExplainedError) printError(error);
    else process.stderr.write(`${(error as Error)?.stack ?? error}\n`);
    process.exitCode = isUsageFault(error) ? ExitCode.USAGE : ExitCode.FAILED;
  }
}

void main();
