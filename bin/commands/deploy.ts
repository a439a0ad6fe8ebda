import { statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { endpointNameViolation } from '../../lib/contract';
import { type CdkAction, runCdk, shellCommand } from '../cdk-cli';
import { containerStackName } from '../container-stack-name';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { collectSetting } from '../key-value';
import { printReport } from '../print-report';
import { UsageError } from '../usage-error';

interface FolderOptions {
  readonly name?: string;
  readonly command?: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly profile?: string;
}

const STACK = 'ContainerStack';

/** `bidi deploy FOLDER`: the container of a folder as an endpoint, without a CDK app of one's own. */
export function deployCommand(): Command {
  return folderCommand('deploy', 'deploy the container of a folder as an endpoint').description(
    'Deploys the container of a folder as an endpoint: cdk deploy ContainerStack, without a CDK app of your own. It first checks the Dockerfile, and prints the CDK command that it runs.',
  );
}

/** `bidi synth FOLDER`: the template that {@link deployCommand} would send. */
export function synthCommand(): Command {
  return folderCommand('synth', 'write the template that deploy would send').description(
    'Writes the template that bidi deploy would send to stdout, and into cdk.out: cdk synth ContainerStack. No AWS account is needed.',
  );
}

/** `bidi destroy FOLDER`: the end of what {@link deployCommand} made. */
export function destroyCommand(): Command {
  return folderCommand('destroy', 'remove the stack that deploy made').description(
    'Removes the stack that bidi deploy created for the folder: cdk destroy ContainerStack.',
  );
}

function folderCommand(action: CdkAction, summary: string): Command {
  return new Command(action)
    .summary(summary)
    .argument('<folder>', 'folder of the Dockerfile')
    .argument('[cdk...]', 'after --: options of the CDK command')
    .option('--name <name>', "name of the endpoint (default: the folder's)")
    .option(
      '--command <command>',
      'command that starts the container as a local process, for bidi local and bidi check',
    )
    .option(
      '-c, --context <key=value>',
      'context for the app, such as instanceType=ml.g6.xlarge; may be repeated',
      collectSetting,
    )
    .option('--profile <profile>', 'profile of ~/.aws (default: as the CDK finds it)')
    .addHelpText('after', wrappedHelp(help(action)))
    .action((folder: string, cdkOptions: readonly string[], options: FolderOptions) =>
      run(action, folder, cdkOptions, options),
    );
}

async function run(
  action: CdkAction,
  folder: string,
  cdkOptions: readonly string[],
  options: FolderOptions,
): Promise<void> {
  const name = nameOf(folder, options);
  if (action !== 'destroy' && !(await isDeployable(folder))) {
    process.exitCode = ExitCode.FAILED;
    return;
  }
  const settings = {
    imageDirectory: folder,
    [`${STACK}:endpointName`]: name,
    ...(options.command === undefined ? {} : { localCommand: options.command }),
    ...options.context,
  };
  process.exitCode = await runCdk(action, [
    STACK,
    ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ...(options.profile === undefined ? [] : ['--profile', options.profile]),
    ...cdkOptions,
  ]);
  if (process.exitCode === ExitCode.OK) process.stderr.write(nextSteps(action, folder, name, options));
}

/** Reads the Dockerfile as `bidi check` does. What fails is printed, and nothing is deployed. */
async function isDeployable(folder: string): Promise<boolean> {
  const { checkStatically } = await import('../../lib/check');
  const { isClean } = await import('../../lib/report/finding');
  const { findings } = await checkStatically(folder);
  if (isClean(findings)) return true;
  printReport({ command: 'check', subject: folder, findings }, {});
  process.stderr.write('A check of the Dockerfile fails, so the CDK was not run.\n');
  return false;
}

function nameOf(folder: string, { name }: FolderOptions): string {
  if (!statSync(join(folder, 'Dockerfile'), { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError({
      what: `${folder} holds no Dockerfile.`,
      why: 'The container is built from the Dockerfile of its folder.',
      next: 'Name the folder that holds it, such as: npx bidi deploy ./my-container',
    });
  }
  const found = name ?? basename(resolve(folder));
  const violation = endpointNameViolation(found);
  if (violation === undefined) return found;
  throw new UsageError({
    what: `"${found}" is no name of an endpoint: ${violation}`,
    why: name === undefined ? 'The name is taken from the folder.' : 'It comes from --name.',
    next: 'Name it: --name my-speech',
  });
}

function nextSteps(action: CdkAction, folder: string, name: string, { command }: FolderOptions): string {
  const stack = containerStackName(name);
  const eject = shellCommand([
    ...[
      'npx',
      'bidi',
      'init',
      '--here',
      '--container',
      relative('.', resolve(folder)) || '.',
      '--name',
      name.toLowerCase(),
    ],
    ...(command === undefined ? [] : ['--command', command]),
  ]);
  switch (action) {
    case 'synth':
      return `\nNext:\n  npx bidi preflight ${STACK}   # what would fail the deployment\nA CDK app of your own instead: ${eject}\n`;
    case 'deploy':
      return `\nNext:\n  npx bidi invoke "hello" --stack ${stack}\n  npx bidi destroy ${folder} --name ${name}   # ends the costs\nA CDK app of your own instead: ${eject}\n`;
    case 'destroy':
      return `\nNext:\n  npx bidi destroy-check ${stack}   # resources that are left, and their costs\n`;
  }
}

function help(action: CdkAction): string {
  const examples = {
    synth: ['bidi synth ./my-container', 'bidi synth ./my-container -- --quiet'],
    deploy: [
      'bidi deploy ./my-container --name speech',
      'bidi deploy ./my-container -c instanceType=ml.c7i.2xlarge -- --require-approval never',
    ],
    destroy: ['bidi destroy ./my-container --name speech', 'bidi destroy ./my-container -- --force'],
  };
  return [
    '',
    'Exit codes: 0 success, 1 a check of the Dockerfile fails or the CDK ended with an error, 2 invalid arguments, or the CDK is not installed, 130 ended by Ctrl-C.',
    '',
    'Examples:',
    ...examples[action].map(example => `  ${example}`),
  ].join('\n');
}
