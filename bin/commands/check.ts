import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CheckContainerOptions, CheckProtocol } from '../../lib/check';
import { ExplainedError, invocationPathViolation, queryStringViolation, type ServedModel } from '../../lib/contract';
import type { ModelDefinition } from '../../lib/local';
import type { Finding } from '../../lib/report/finding';
import { CheckProgressLine } from '../check-progress';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { collectSetting } from '../key-value';
import { printError } from '../print-error';
import { printReport } from '../print-report';
import { readStack, type StackOptions } from '../stack';
import { UsageError } from '../usage-error';
import { words } from '../words';

interface CheckOptions extends StackOptions {
  readonly url?: string;
  readonly stack?: string;
  readonly file?: string;
  readonly target?: string;
  readonly buildArg?: Readonly<Record<string, string>>;
  readonly pushed?: boolean;
  readonly command?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly live: boolean;
  readonly path?: string;
  readonly query?: string;
  readonly exchange?: string;
  readonly protocol?: CheckProtocol;
  readonly model?: string;
  readonly clock?: number;
  readonly sessions?: number;
  readonly strict?: boolean;
  readonly startupTimeout?: number;
  readonly json?: boolean;
  readonly junit?: string;
  readonly sarif?: string;
}

/** Protocols of `--protocol`, here so that the help needs nothing else; a test compares them. */
export const PROTOCOLS: readonly CheckProtocol[] = ['deepgram', 'vllm', 'vllm-omni', 'nim'];

/** `bidi check`: whether a container keeps the platform's contract. */
export function checkCommand(): Command {
  return new Command('check')
    .summary('check a container against the contract of streaming')
    .description(
      'Checks a container in any language against the contract of bidirectional streaming: its Dockerfile or image, and the container itself, started as SageMaker starts it. A broken rule of the contract fails; a broken advice of this kit is a warning.',
    )
    .argument('[target]', 'directory with a Dockerfile, or an image')
    .option('--url <url>', 'a container that runs already: ws://host:port[/path][?query]')
    .option('--stack <name>', 'the container of a stack of this CDK app')
    .option('--app <directory>', 'with --stack: a cloud assembly to read as it is, instead of running the app')
    .option(
      '-c, --context <key=value>',
      'with --stack: context for the app, as for cdk deploy; may be repeated',
      collectSetting,
    )
    .option('--file <name>', 'Dockerfile in the directory (default: Dockerfile)')
    .option('--target <stage>', 'stage of the Dockerfile (default: the last)')
    .option('--build-arg <key=value>', 'argument of the build; may be repeated', collectSetting)
    .option('--pushed', 'read the image from ECR even where an engine on this machine keeps it')
    .option('--command <command>', 'run the directory as a process with this command, instead of building an image')
    .option('-e, --env <key=value>', 'environment of the container; may be repeated', collectSetting)
    .option('--no-live', 'read the Dockerfile or image only, run nothing')
    .option(
      '--path <path>',
      'path of the WebSocket (default: invocations-bidirectional-stream)',
      validate(invocationPathViolation),
    )
    .option('--query <query>', 'query string of the WebSocket', validate(queryStringViolation))
    .option('--exchange <file>', 'messages to a container that is not an echo, and the answers to expect')
    .addOption(
      new Option('--protocol <name>', 'play an exchange of a protocol, instead of one from a file').choices(PROTOCOLS),
    )
    .option('--model <name>', 'with --protocol: the model that the exchange names (vllm: its served name)')
    .addOption(
      new Option('--clock <scale>', 'how many times faster the 30 minutes of a stream pass (default: 360)').argParser(
        positive,
      ),
    )
    .option('--sessions <number>', 'sessions that the container is meant to hold at once; fewer fail', wholeNumber)
    .option('--strict', 'warnings fail, too')
    .option('--startup-timeout <seconds>', 'time to become ready (default: 480)', positive)
    .option('--json', 'findings as JSON')
    .option('--junit <file>', 'write JUnit XML')
    .option('--sarif <file>', 'write SARIF 2.1.0')
    .addHelpText(
      'after',
      wrappedHelp(`
Exit codes: 0 no check fails (warnings are possible), 1 a check fails (with --strict also for a warning), 2 the command could not run.

Examples:
  bidi check ./my-container
  bidi check ./my-container --command "python server.py" --sessions 20
  bidi check 123456789012.dkr.ecr.us-east-1.amazonaws.com/my-model:7 --no-live
  bidi check --url ws://localhost:8080 --path v1/listen --query model=nova-3 --exchange listen.json
  bidi check --url ws://localhost:8080 --protocol vllm --model my-model --sessions 4
  bidi check --stack EchoBidiStack --sarif check.sarif --junit check.xml`),
    )
    .action(async (target: string | undefined, options: CheckOptions) => {
      const interrupted = new AbortController();
      const interrupt = () => interrupted.abort();
      process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
      const progress = new CheckProgressLine(process.stderr);
      try {
        process.exitCode = await check(target, options, progress, interrupted.signal);
      } catch (error) {
        progress.end();
        if (!(error instanceof ExplainedError)) throw error;
        printError(error);
        process.exitCode = ExitCode.USAGE;
      } finally {
        progress.end();
        process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      }
      if (interrupted.signal.aborted) process.exitCode = ExitCode.INTERRUPTED;
    });
}

async function check(
  target: string | undefined,
  options: CheckOptions,
  progress: CheckProgressLine,
  abortSignal: AbortSignal,
): Promise<number> {
  const { isClean, strict } = await import('../../lib/report/finding');
  const named = [target, options.url, options.stack].filter(word => word !== undefined);
  const [subject] = named;
  if (named.length !== 1 || subject === undefined) {
    throw new UsageError({
      what:
        named.length === 0
          ? 'Nothing is named to check.'
          : `${named.length} things are named to check: ${named.join(', ')}.`,
      why: 'One run checks one container.',
      next: 'Name one: a directory or an image, or --url, or --stack.',
    });
  }
  const model =
    options.url !== undefined
      ? undefined
      : options.stack === undefined
        ? ownModel(target!, options)
        : await stackModel(options.stack, options);
  const live = await liveOptions(options, model?.serves, progress, abortSignal);
  const found = model ? await checkModel(model, options, live, progress) : await checkUrl(options.url!, live);
  progress.end();
  const findings = options.strict ? strict(found) : found;
  const report = { command: 'check', subject, findings };
  const { renderJUnit, renderSarif } = await import('../../lib/report');
  if (options.junit) writeReport(options.junit, renderJUnit(report));
  if (options.sarif) {
    const { version } = require('../../package.json') as { version: string };
    writeReport(options.sarif, renderSarif(report, { version }));
  }
  printReport(report, options);
  if (!findings.some(({ verdict }) => verdict === 'pass' || verdict === 'fail')) return ExitCode.USAGE;
  return isClean(findings) ? ExitCode.OK : ExitCode.FAILED;
}

/** Writes a report for a machine; its folder is made where there is none, as CI systems expect. */
function writeReport(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function checkUrl(url: string, live: CheckContainerOptions): Promise<Finding[]> {
  if (!/^wss?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
    throw new UsageError({
      what: `"${url}" is no URL of a WebSocket.`,
      why: 'It has to begin with ws:// or wss:// and name a host.',
      next: 'For example: --url ws://localhost:8080',
    });
  }
  const { checkContainer } = await import('../../lib/check');
  return checkContainer({ ...live, url });
}

/** Reads the Dockerfile or image, then runs the container where that is possible here. */
async function checkModel(
  model: CheckedModel,
  options: CheckOptions,
  live: CheckContainerOptions,
  progress: CheckProgressLine,
): Promise<Finding[]> {
  const { checkContainer, checkStatically, PROBE_HOST } = await import('../../lib/check');
  const checked = await checkStatically(model.target, {
    ...(options.file || model.file ? { file: options.file ?? model.file } : {}),
    ...(options.target ? { target: options.target } : {}),
    ...(options.pushed ? { pushed: true } : {}),
    buildArgs: options.buildArg ?? {},
  });
  if (!options.live) return [...checked.findings];
  const { AutomaticEngine, ContainerStartError } = await import('../../lib/local');
  const local: ModelDefinition = {
    name: model.target,
    environment: { ...model.environment, ...options.env },
    ...(checked.directory ? { directory: resolve(checked.directory.path), file: checked.directory.file } : {}),
    ...(checked.image ? { imageUri: checked.image } : {}),
    ...(model.command ? { command: model.command } : {}),
  };
  const engine = new AutomaticEngine();
  const onLine = () => undefined;
  try {
    if (!model.command) progress.show('building the image, if there is one to build');
    await engine.prepare(local, onLine);
    const start = () => engine.start({ model: local, name: 'check', host: PROBE_HOST, onLine });
    const command = model.command ?? checked.entrypoint;
    return [...checked.findings, ...(await checkContainer({ ...live, ...(command && { command }), start }))];
  } catch (error) {
    if (!(error instanceof ContainerStartError)) throw error;
    // A command that cannot be started is the caller's mistake. Without a container engine the static findings are reported all the same.
    if (model.command) throw error;
    return [
      ...checked.findings,
      notRun(
        error.what,
        'Start a container engine, or run the directory as a process with --command, or name a running container with --url.',
      ),
    ];
  }
}

interface CheckedModel {
  readonly target: string;
  readonly serves?: ServedModel;
  readonly file?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

function ownModel(target: string, { command }: CheckOptions): CheckedModel {
  return { target, ...(command === undefined ? {} : { command: words(command) }) };
}

async function stackModel(name: string, options: CheckOptions): Promise<CheckedModel> {
  const { localEnvironment, localValue, readCloudAssembly } = await import('../../lib/assembly');
  const stack = await readStack(name, options);
  const endpoints = await readCloudAssembly(stack.directory, { stacks: [name] });
  const models = new Map(endpoints.flatMap(({ variants }) => variants.map(({ model }) => [model.name, model])));
  const [model] = models.values();
  const target = model?.directory ?? localValue(model?.imageUri);
  const command = options.command === undefined ? model?.command : words(options.command);
  if (models.size === 1 && model && target) return { ...model, command, environment: localEnvironment(model), target };
  throw new UsageError(
    models.size > 1
      ? {
          what: `${name} has ${models.size} models: ${[...models.keys()].join(', ')}.`,
          why: 'One run checks one container.',
          next: 'Check their directories or images one by one.',
        }
      : {
          what: `The container of ${name} cannot be looked at.`,
          why: model?.modelPackageArn
            ? 'It is a model package, which runs on the platform only; its seller answers for it.'
            : 'Its image is known after a deployment only.',
          next: 'Check a directory or an image by its name.',
        },
  );
}

async function liveOptions(
  options: CheckOptions,
  serves: ServedModel | undefined,
  progress: CheckProgressLine,
  abortSignal: AbortSignal,
): Promise<CheckContainerOptions> {
  return {
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.query === undefined ? {} : { query: options.query }),
    ...(await exchangeOptions(options, serves)),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.sessions === undefined ? {} : { sessions: options.sessions }),
    ...(options.startupTimeout === undefined ? {} : { limits: { startMs: options.startupTimeout * 1_000 } }),
    onProgress: ({ check, detail }) => progress.show(check, detail),
    abortSignal,
  };
}

/** Sessions of an exchange of a model at once, unless more are meant: each is real work for a GPU. */
const MODEL_SESSIONS = 4;

/** The exchange of a file, or of the protocol that is asked for or that the stack's template names. */
async function exchangeOptions(
  { exchange, protocol: asked, model, path }: CheckOptions,
  serves: ServedModel | undefined,
): Promise<Pick<CheckContainerOptions, 'exchange' | 'load'>> {
  const { protocolExchange, readExchange } = await import('../../lib/check');
  // A path of one's own is another exchange than the template's.
  const protocol = asked ?? (path === undefined ? serves?.protocol : undefined);
  if (exchange !== undefined && asked !== undefined) {
    throw new UsageError({
      what: '--exchange and --protocol are both given.',
      why: 'One run plays one exchange.',
      next: 'Leave one of them out.',
    });
  }
  if (model !== undefined && protocol === undefined) {
    throw new UsageError({
      what: '--model is given without --protocol.',
      why: 'It is the model that the exchange of a protocol names.',
      next: 'Add --protocol, or leave it out.',
    });
  }
  if (exchange !== undefined) return { exchange: readExchange(exchange) };
  if (protocol === undefined) return {};
  return {
    exchange: protocolExchange(protocol, model ?? (protocol === serves?.protocol ? serves.modelName : undefined)),
    load: { sessions: MODEL_SESSIONS, busySessions: 2, burst: 5 * MODEL_SESSIONS },
  };
}

function notRun(seen: string, next: string): Finding {
  return {
    name: 'start',
    rule: 'The container keeps the contract while it runs.',
    source: 'SageMaker AI developer guide, custom inference code with hosting services',
    seen: `the live checks were not run: ${seen}`,
    // A warning and not a skip: an incomplete check must not look like a whole one.
    verdict: 'warn',
    next,
  };
}

function validate(fault: (text: string) => string | undefined): (text: string) => string {
  return text => {
    const found = fault(text);
    if (found) throw new InvalidArgumentError(found);
    return text;
  };
}

function positive(text: string): number {
  const value = Number(text.replace(/x$/, ''));
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It has to be a number above 0.');
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It has to be a whole number from 1.');
  return value;
}
