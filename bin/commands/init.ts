import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  APP_LANGUAGES,
  type AppLanguage,
  type ProjectFiles,
  projectNameViolation,
  TEMPLATES,
  type Template,
  type TemplateName,
} from '../../lib/init';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { printReport } from '../print-report';
import { UsageError } from '../usage-error';
import { words } from '../words';

interface InitOptions {
  readonly template?: TemplateName;
  readonly appLanguage: AppLanguage;
  readonly name?: string;
  readonly here?: boolean;
  readonly container?: string;
  readonly command?: string;
  readonly kit?: string;
  readonly install?: boolean;
  readonly yes?: boolean;
}

const NAMES = Object.keys(TEMPLATES) as TemplateName[];

/** `bidi init [folder]`: an app of one's own. */
export function initCommand(): Command {
  return new Command('init')
    .summary('write a small app: container, endpoint, test')
    .description(
      'Writes a CDK app with a container, an endpoint, a test that streams to it on this machine, and a README with the next commands; or, with --here, only the CDK side for an existing container.',
    )
    .argument('[folder]', 'folder to create; app, endpoint and stack are named after it')
    .addOption(new Option('-t, --template <name>', 'template of the app').choices(NAMES))
    .addOption(
      new Option('--app-language <language>', 'language of the CDK app; python for the template python and --here')
        .choices(APP_LANGUAGES)
        .default('typescript'),
    )
    .option('--here', 'write the CDK side into this folder, for the container of --container')
    .option('--container <directory>', 'with --here: directory of the Dockerfile')
    .option(
      '--command <command>',
      'with --here: command that starts the container as a process, such as "python app.py"',
    )
    .option('--name <name>', "name of app, endpoint and stack (default: the folder's)", projectName)
    .option('--kit <specifier>', 'npm specifier of this kit (default: where this one came from)')
    .option('--install', 'run npm install')
    .option('--no-install', 'do not run npm install')
    .option('-y, --yes', 'ask nothing: the template python, and npm install')
    .addHelpText('after', wrappedHelp(initHelp))
    .action((folder: string | undefined, options: InitOptions) =>
      options.here ? initHere(folder, options) : init(folder, options),
    );
}

async function init(folder: string | undefined, options: InitOptions): Promise<void> {
  if (options.container !== undefined || options.command !== undefined) {
    throw new UsageError({
      what: '--container and --command belong to --here.',
      why: 'A template brings its own container.',
      next: 'Add --here, or leave them out.',
    });
  }
  const { projectFromTemplate, writeNewProject } = await import('../../lib/init');
  const target = folder ?? (await ask(options, 'Folder to make: ', 'my-speech', 'No folder is named.', 'my-speech'));
  const name = nameFor(target, options);
  const template = options.template ?? (await askTemplate(options, target));
  const { appLanguage } = options;
  const { layers }: Template = TEMPLATES[template];
  if (!layers[appLanguage]) {
    const others = NAMES.filter(each => appLanguage in TEMPLATES[each].layers);
    throw new UsageError({
      what: `The template ${template} has no CDK app in ${appLanguage}.`,
      why: `A CDK app in ${appLanguage} comes with the template ${others.join(', ')}, and with --here.`,
      next: `npx bidi init ${target} --template ${others[0]} --app-language ${appLanguage}`,
    });
  }
  const files = projectFromTemplate(template, name, options);
  writeNewProject(target, files);
  process.stderr.write(`Wrote ${files.size} files of the template ${template} to ${target}.\n`);
  const isInstalled = await install(target, options);
  printNext(target, [
    [`${isInstalled ? '' : 'npm install && '}npm test`, 'streams to the model through a local SageMaker'],
    ['npx cdk synth --quiet', 'makes the template that cdk deploy sends'],
  ]);
}

/** Wraps a container that is there: says what `bidi check` finds in its Dockerfile, and writes only the CDK side. */
async function initHere(folder: string | undefined, options: InitOptions): Promise<void> {
  const { container, template } = options;
  if (folder !== undefined || template !== undefined || container === undefined) {
    throw new UsageError({
      what: container === undefined ? '--here needs --container.' : '--here takes neither a folder nor a template.',
      why: 'It writes the CDK side for a container that is there, into this folder.',
      next: 'npx bidi init --here --container DIRECTORY',
    });
  }
  if (!existsSync(join(container, 'Dockerfile')) || !statSync(container).isDirectory()) {
    throw new UsageError({
      what: `${container} holds no Dockerfile.`,
      why: 'The container is built from the Dockerfile of its directory.',
      next: 'Name the directory that holds it.',
    });
  }
  const { addToProject, projectAround } = await import('../../lib/init');
  const { checkStatically } = await import('../../lib/check');
  const name = nameFor('.', options);
  const directory = relative('.', resolve(container)) || '.';
  const command = options.command === undefined ? undefined : words(options.command);
  const files: ProjectFiles = projectAround({ ...options, directory, command }, name);
  addToProject('.', files);
  const { findings } = await checkStatically(container);
  printReport({ command: 'check', subject: container, findings }, {});
  process.stderr.write(`Wrote ${[...files.keys()].join(', ')}.\n`);
  const isInstalled = await install('.', options);
  const { stack } = (await import('../../lib/init')).namesOf(name);
  printNext('.', [
    [
      `${isInstalled ? '' : 'npm install && '}npx bidi local ${stack}`,
      command === undefined ? 'serves it on this machine, in a container engine' : 'serves it on this machine',
    ],
    ['npx cdk synth --quiet', 'makes the template that cdk deploy sends'],
  ]);
  if (findings.some(({ verdict }) => verdict === 'fail')) process.exitCode = ExitCode.FAILED;
}

function nameFor(folder: string, { name }: InitOptions): string {
  if (name !== undefined) return name;
  const own = basename(resolve(folder));
  const violation = projectNameViolation(own);
  if (violation === undefined) return own;
  throw new UsageError({
    what: violation,
    why: 'The name is taken from the folder.',
    next: 'Name it: --name my-speech',
  });
}

async function askTemplate(options: InitOptions, folder: string): Promise<TemplateName> {
  const list = NAMES.map(name => `  ${name.padEnd(12)}${TEMPLATES[name].summary}\n`).join('');
  const answer = await ask(
    options,
    `${list}Template [python]: `,
    'python',
    'No template is named.',
    `${folder} --template python`,
  );
  const template = NAMES.find(name => name === answer);
  if (template) return template;
  throw new UsageError({
    what: `There is no template ${answer}.`,
    why: `There are ${NAMES.join(', ')}.`,
    next: `npx bidi init ${folder} --template python`,
  });
}

/** Asks on a terminal; without one, or with --yes, nothing is asked. */
async function ask(
  { yes }: InitOptions,
  question: string,
  otherwise: string,
  what: string,
  example: string,
): Promise<string> {
  if (yes) return otherwise;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError({
      what,
      why: 'Without a terminal nothing is asked.',
      next: `Name it, such as: npx bidi init ${example}`,
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim() || otherwise;
  } finally {
    terminal.close();
  }
}

async function install(folder: string, { install: wanted, yes }: InitOptions): Promise<boolean> {
  if (!(wanted ?? yes ?? false)) return false;
  process.stderr.write('Running npm install.\n');
  const npm = spawn('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  const [code] = (await once(npm, 'close')) as [number | null];
  if (code === 0) return true;
  throw new UsageError({
    what: `npm install ended with exit code ${code} in ${folder}.`,
    why: 'What it wrote above says why. The files are written.',
    next: `cd ${folder} && npm install`,
  });
}

function printNext(folder: string, commands: readonly (readonly [command: string, purpose: string])[]): void {
  const width = Math.max(...commands.map(([command]) => command.length));
  const lines = commands.map(([command, purpose]) => `  ${command.padEnd(width)}   # ${purpose}`);
  process.stdout.write(`\nNext:\n${folder === '.' ? '' : `  cd ${folder}\n`}${lines.join('\n')}\n`);
}

function projectName(name: string): string {
  const violation = projectNameViolation(name);
  if (violation) throw new InvalidArgumentError(violation);
  return name;
}

function initHelp(): string {
  const lines = NAMES.map(name => `  ${name.padEnd(12)}${TEMPLATES[name].summary}`);
  return [
    '',
    'Templates:',
    ...lines,
    '',
    'Exit codes: 0 the app is written, 1 with --here: a check of the container fails, 2 invalid arguments, or a folder that is not empty.',
    '',
    'Examples:',
    '  bidi init my-speech --template python --yes',
    '  bidi init my-speech --template python --app-language python --yes',
    '  bidi init --here --container ./server --command "python server.py"',
  ].join('\n');
}
