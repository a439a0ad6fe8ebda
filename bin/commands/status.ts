import { Command } from 'commander';
import type { Progress } from '../../lib/operate/status';
import { type AwsOptions, controlPlane, withAwsOptions } from '../control-plane';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { printError } from '../print-error';
import { type SubjectOptions, subjectOf } from '../subject';
import { columnsOf } from '../terminal';

interface StatusCommandOptions extends AwsOptions, SubjectOptions {
  readonly wait?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** `bidi status STACK|ENDPOINT`: the state of an endpoint, and why it failed. */
export function statusCommand(): Command {
  return withAwsOptions(new Command('status'))
    .summary('show the state of an endpoint, and why it failed')
    .description(
      'Describes the endpoints of a stack, or one by name: configuration, variants, instances, scaling, last rollout. For a failure it prints the reason, the end of the log, the cause and the fix.',
    )
    .argument('[stack|endpoint]', 'name of a stack or of an endpoint')
    .option('--stack <name>', 'the stack, as the commands that stream take it')
    .option('--endpoint <name>', 'the endpoint, as the commands that stream take it')
    .option('--wait', 'follow it until it no longer moves, with what usually takes that long (on stderr)')
    .option('--explain', 'read the log and the last failure also when it is in service')
    .option('--json', 'the status as JSON')
    .addHelpText(
      'after',
      wrappedHelp(
        '\nExit codes: 0 every endpoint accepts streams, 1 an endpoint does not, 2 AWS cannot be reached or denies access.\n\nExamples:\n  bidi status EchoBidiStack --wait\n  bidi status echo-bidi --explain --json',
      ),
    )
    .action(async (argument: string | undefined, options: StatusCommandOptions) => {
      const subject = subjectOf(argument, options, 'npx bidi status STACK');
      const { followTarget, isServing, readStatus, renderStatus, StatusUnavailableError } = await import(
        '../../lib/operate/status'
      );
      using plane = await controlPlane(options);
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort();
      process.once('SIGINT', interrupt);
      try {
        if (options.wait)
          await followTarget(plane, subject, await progressPrinter(), { abortSignal: interrupted.signal });
        const report = await readStatus(plane, subject, options);
        process.stdout.write(
          options.json ? `${JSON.stringify(report, null, 2)}\n` : renderStatus(report, columnsOf(process.stdout)),
        );
        process.exitCode = isServing(report) ? ExitCode.OK : ExitCode.FAILED;
      } catch (error) {
        if (interrupted.signal.aborted) process.exitCode = ExitCode.INTERRUPTED;
        else if (error instanceof StatusUnavailableError) {
          printError(error);
          process.exitCode = ExitCode.USAGE;
        } else throw error;
      } finally {
        process.off('SIGINT', interrupt);
      }
    });
}

/** Prints a line when something but the time has changed. */
async function progressPrinter(): Promise<(progress: Progress) => void> {
  const { renderProgress } = await import('../../lib/operate/status');
  const last = new Map<string, string>();
  return progress => {
    const { endpointName } = progress.state;
    const line = renderProgress(progress);
    const withoutTime = line.slice(line.indexOf(' '));
    if (last.get(endpointName) !== withoutTime) process.stderr.write(`${line}\n`);
    last.set(endpointName, withoutTime);
  };
}
