import { Command } from 'commander';
import { isClean } from '../../lib/report/finding';
import { type AwsOptions, controlPlane, withAwsOptions } from '../control-plane';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { collectSetting } from '../key-value';
import { printReport } from '../print-report';
import { readStack, type StackOptions } from '../stack';
import { type SubjectOptions, subjectOf } from '../subject';

/** `bidi preflight STACK`: the causes that would fail the deployment, reported before it. */
export function preflightCommand(): Command {
  return withAwsOptions(new Command('preflight'))
    .summary('find what would fail the deployment')
    .description(
      'Runs the CDK app and checks the stack in the account: credentials, bootstrap, stack, endpoint name, quota, model package, image, execution role, network. It changes nothing.',
    )
    .argument('[stack]', 'name of the stack')
    .option('--stack <name>', 'the same, as the commands that stream take it')
    .option('--app <directory>', 'a cloud assembly to read as it is, instead of running the app')
    .option('-c, --context <key=value>', 'context for the app, as for cdk deploy; may be repeated', collectSetting)
    .option('--json', 'findings as JSON')
    .addHelpText(
      'after',
      wrappedHelp(
        '\nExit codes: 0 no check fails, 1 a check fails, and the deployment would fail, 2 AWS cannot be reached or denies access, or there is no such stack.\n\nExample:\n  bidi preflight EchoBidiStack --region us-east-1',
      ),
    )
    .action(
      async (
        argument: string | undefined,
        options: AwsOptions & StackOptions & SubjectOptions & { json?: boolean },
      ) => {
        const name = subjectOf(argument, options, 'npx bidi preflight STACK');
        const { preflight } = await import('../../lib/operate/preflight');
        const runtime = process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2;
        const stack = await readStack(name, options);
        using plane = await controlPlane({ ...options, region: options.region ?? stack.region });
        const report = await preflight(
          stack,
          plane,
          // Where the SDK's own variable leads streams elsewhere, that is what has to be reached.
          runtime === undefined ? {} : { runtimeUri: new URL(runtime) },
        );
        printReport(report, options);
        process.exitCode = !report.online ? ExitCode.USAGE : isClean(report.findings) ? ExitCode.OK : ExitCode.FAILED;
      },
    );
}
