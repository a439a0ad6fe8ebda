import { Command } from 'commander';
import { isClean } from '../../lib/report/finding';
import { type AwsOptions, controlPlane, withAwsOptions } from '../control-plane';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { printReport } from '../print-report';
import { readStackIfThere } from '../stack';
import { type SubjectOptions, subjectOf } from '../subject';

/** `bidi destroy-check STACK|ENDPOINT`: the resources that are left after `cdk destroy`, and their costs. */
export function destroyCheckCommand(): Command {
  return withAwsOptions(new Command('destroy-check'))
    .summary('list resources that are left after cdk destroy, and their costs')
    .description(
      'Looks for resources that a stack or an endpoint left: endpoint, configuration, model, log group, scaling, image, and resources that CloudFormation kept. Prints how each is billed and the command that deletes it. It deletes nothing.',
    )
    .argument('[stack|endpoint]', 'name of the stack that was destroyed, or of an endpoint')
    .option('--stack <name>', 'the stack, as the commands that stream take it')
    .option('--endpoint <name>', 'the endpoint, as the commands that stream take it')
    .option(
      '--app <directory>',
      'cloud assembly that tells the names once CloudFormation has forgotten the stack (90 days)',
      'cdk.out',
    )
    .option('--json', 'findings as JSON')
    .addHelpText(
      'after',
      wrappedHelp(
        '\nExit codes: 0 no resource bills by the hour, 1 a resource does, 2 AWS cannot be reached or denies access.\n\nExample:\n  bidi destroy-check EchoBidiStack',
      ),
    )
    .action(
      async (argument: string | undefined, options: AwsOptions & SubjectOptions & { app: string; json?: boolean }) => {
        const subject = subjectOf(argument, options, 'npx bidi destroy-check STACK');
        const { destroyCheck } = await import('../../lib/operate/destroy-check');
        const stack = await readStackIfThere(subject, options.app);
        using plane = await controlPlane({ ...options, region: options.region ?? stack?.region });
        const report = await destroyCheck(plane, stack?.name ?? subject, stack);
        printReport(report, options);
        process.exitCode = !report.online ? ExitCode.USAGE : isClean(report.findings) ? ExitCode.OK : ExitCode.FAILED;
      },
    );
}
