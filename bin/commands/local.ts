import { Command, InvalidArgumentError, Option } from 'commander';
import { servedModel } from '../../lib/assembly/endpoint-definition';
import { ExplainedError } from '../../lib/contract';
import type { Behaviours, EndpointDefinition, LocalEvent, LocalSageMaker } from '../../lib/local';
import { parseBehaviour, readBehaviours } from '../../lib/local/behaviours';
import { Clock } from '../../lib/local/clock';
import { type LocalStateEndpoint, removeLocalState, writeLocalState } from '../../lib/local/local-state';
import { createLocalCredentials, type LocalCredentials } from '../../lib/local/service/local-credentials';
import { INJECTED_FAULT_KINDS, type InjectedFault, parseInjectedFault } from '../../lib/local/stream/injected-fault';
import { collectVariable } from '../environment-options';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { openTrialLate } from '../inspector-trial-late';
import { collectSetting, repeatable } from '../key-value';
import { onLauncherGone } from '../launcher';
import { type LocalSourceOptions, localEndpoints } from '../local-endpoints';
import { LocalPrinter } from '../local-printer';
import { writeReadyFile } from '../ready-file';
import { UsageError } from '../usage-error';

interface LocalOptions extends LocalSourceOptions {
  readonly engine: string;
  readonly simulate?: boolean;
  readonly watch?: boolean;
  readonly port?: number;
  readonly tls: boolean;
  readonly verify: boolean;
  readonly inspector: boolean;
  readonly region?: string;
  readonly clock?: Clock;
  readonly fault: readonly InjectedFault[];
  /** Choices, and files that hold some. */
  readonly behaviour: readonly (Behaviours | string)[];
  readonly readyFile?: string;
  readonly json?: boolean;
}

/** `bidi local [STACK...]`: SageMaker on this machine, from the template that cdk deploy would send. */
export function localCommand(): Command {
  return new Command('local')
    .summary('run the local SageMaker with the endpoints of the template')
    .description(
      'Synthesizes the app, starts the containers of its endpoints and answers like SageMaker, for any AWS SDK: HTTP/2 over TLS, verified signatures, one WebSocket frame for each event. No AWS account is needed.',
    )
    .argument(
      '[names...]',
      'stacks whose endpoints are hosted (default: all with an endpoint), or folders: ./my-container',
    )
    .option('--app <directory>', 'a cloud assembly to read as it is, instead of running the app of cdk.json')
    .option('-c, --context <key=value>', 'context for the app, as for cdk deploy; may be repeated', collectSetting)
    .addOption(
      new Option('--engine <name>', 'engine that runs the containers; process runs the command of the template')
        .choices(['automatic', 'process', 'docker', 'podman', 'finch'])
        .default('automatic'),
    )
    .option('--command <command>', 'run the containers as processes with this command, with "serve" appended')
    .option(
      '-e, --env <key=value>',
      'variable of the containers; KEY alone passes the variable of this shell',
      repeatable(collectVariable),
    )
    .option('--env-file <file>', 'file of variables of the containers, as docker run takes it')
    .option('--simulate', 'run the simulator of models that cannot run here: Marketplace packages, vLLM without a GPU')
    .option('--watch', 'replace a container when its files change; open sessions finish on the old one')
    .option('--port <number>', 'port to listen on (default: 8443 if it is free, else any)', portNumber)
    .option('--no-inspector', 'do not serve the page that shows the streams')
    .option('--region <region>', "region that requests are signed for (default: the stack's, else us-east-1)")
    .option('--no-tls', 'HTTP/2 in cleartext with prior knowledge')
    .option('--no-verify', 'accept requests without a valid signature')
    .addOption(
      new Option('--clock <scale>', 'make the long times of the platform pass faster, such as 60x')
        .argParser(clockScale)
        .default(undefined, '1x'),
    )
    .addOption(
      new Option('--fault <fault>', 'inject a fault: KIND[@PHASE][=VALUE][/EVERY]; may be repeated')
        .argParser(repeatable(collectFault))
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--behaviour <name=value|file>',
        'behaviour of the platform that no source settles (docs/local.md), or the record of `bidi fidelity`; may be repeated',
      )
        .argParser(repeatable(collectBehaviour))
        .default([], 'the default of each'),
    )
    .option('--ready-file <file>', 'write URL and variables as JSON to this file when everything is in service')
    .option('--json', 'events, one JSON object a line')
    .addHelpText('after', wrappedHelp(faultHelp))
    .action((names: string[], options: LocalOptions) => local(names, options));
}

async function local(names: readonly string[], options: LocalOptions): Promise<void> {
  const { LocalSageMaker, simulateModelPackages, standInBehaviours } = await import('../../lib/local');
  const { clock, fault: faults } = options;
  const behaviours: Behaviours = Object.assign(
    {},
    ...options.behaviour.map(choice => (typeof choice === 'string' ? readBehaviours(choice) : choice)),
  );
  if (!options.simulate) refuseWithoutStandIn(standInBehaviours(behaviours));
  const read = await localEndpoints(names, options);
  const { endpoints, simulations } = options.simulate
    ? simulateModelPackages(read, behaviours)
    : { endpoints: read, simulations: [] };
  for (const { model, modelPackageArn } of simulations) {
    process.stderr.write(
      `SIMULATED: model ${model} is a stand-in${modelPackageArn === undefined ? '' : ` for ${modelPackageArn}`}; its answers come from a script.\n`,
    );
  }
  const printer = new LocalPrinter(process.stdout, process.stderr);
  const observe = options.json ? printJson : (event: LocalEvent) => printer.print(event);

  const interruption = new Interruption();
  const starting = LocalSageMaker.start({
    endpoints,
    port: options.port,
    tls: options.tls,
    verify: options.verify,
    region: options.region ?? onlyRegion(endpoints),
    credentials: acceptedCredentials(),
    clock,
    faults,
    behaviours,
    engine: await engineNamed(options.engine),
    watch: options.watch,
    inspector: options.inspector && openTrialLate,
    observe,
    abortSignal: interruption.first,
  });
  try {
    const running = await starting;
    const forgets: (() => void)[] = [];
    try {
      forgets.push(remember(running, endpoints, observe));
      if (options.readyFile !== undefined) {
        forgets.push(writeReadyFile(options.readyFile, readyMessage(running, endpoints)));
      }
      announce(running, endpoints, options);
      await interruption.wait();
      process.stderr.write('\nStopping; Ctrl-C again does not wait for the containers.\n');
    } finally {
      for (const forget of forgets) forget();
      const closed = running.close();
      void interruption.again().then(() => running.close(0));
      await closed;
    }
  } catch (error) {
    if (!interruption.first.aborted) throw error;
  } finally {
    interruption.dispose();
  }
  process.exitCode = ExitCode.INTERRUPTED;
}

/** @throws UsageError for a behaviour that nothing would act out. */
function refuseWithoutStandIn(behaviours: readonly string[]): void {
  if (behaviours.length === 0) return;
  throw new UsageError({
    what: `The behaviour ${behaviours.join(', ')} needs --simulate.`,
    why: 'It is one of the container, and only the stand-in of a Marketplace package acts it out.',
    next: 'Add --simulate, or leave the behaviour out.',
  });
}

async function engineNamed(name: string) {
  const { AutomaticEngine, DockerEngine, ProcessEngine } = await import('../../lib/local');
  if (name === 'automatic') return new AutomaticEngine();
  return name === 'process' ? new ProcessEngine() : new DockerEngine(name);
}

/** A random key pair, and the caller's own where the environment names one, so that a shell with credentials needs no others. */
function acceptedCredentials(): LocalCredentials[] {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  const local = createLocalCredentials();
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return [local];
  return [
    local,
    {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    },
  ];
}

function onlyRegion(endpoints: readonly EndpointDefinition[]): string | undefined {
  const regions = new Set(endpoints.flatMap(({ region }) => region ?? []));
  return regions.size === 1 ? [...regions][0] : undefined;
}

/**
 * Leaves the state file by which the other commands find this process; returns what removes it. Without it the streams are served all the
 * same.
 */
function remember(
  running: LocalSageMaker,
  endpoints: readonly EndpointDefinition[],
  observe: (event: LocalEvent) => void,
): () => void {
  try {
    writeLocalState({
      url: running.url,
      certificateAuthorityFile: running.certificateAuthorityFile,
      region: running.region,
      credentials: running.credentials,
      endpoints: endpoints.map(endpointState),
      processId: process.pid,
      startedAt: new Date().toISOString(),
    });
  } catch (error) {
    const message = `Other commands will not find this one with --local: ${(error as Error).message}`;
    observe({ type: 'warning', message });
    return () => {};
  }
  return () => removeLocalState(running.url);
}

/** What other commands need to know of an endpoint. Variants that serve different models leave the choice to the caller. */
function endpointState(endpoint: EndpointDefinition): LocalStateEndpoint {
  const { name, stack } = endpoint;
  const serves = servedModel(endpoint);
  return { name, ...(stack !== undefined && { stack }), ...(serves && { serves }) };
}

/** The fields of a running local SageMaker for other programs: `--ready-file`, and the line of `--json`. */
function readyMessage(running: LocalSageMaker, endpoints: readonly EndpointDefinition[]) {
  return {
    url: running.url,
    endpoints: endpoints.map(({ name }) => name),
    inspector: running.inspectorUrl,
    environment: running.environment(),
    unset: variablesToUnset(running),
    processId: process.pid,
  };
}

/** A session token that is left in the shell would be sent with the local pair, and refused. */
function variablesToUnset({ credentials }: LocalSageMaker): string[] {
  return credentials.sessionToken === undefined ? ['AWS_SESSION_TOKEN'] : [];
}

function announce(
  running: LocalSageMaker,
  endpoints: readonly EndpointDefinition[],
  { json, verify }: LocalOptions,
): void {
  if (json) {
    printJson({ type: 'ready', ...readyMessage(running, endpoints) });
    return;
  }
  const width = Math.max(...endpoints.map(({ name }) => name.length));
  const variables = Object.entries(running.environment()).map(
    ([name, value]) => `  export ${name}=${shellWord(value)}`,
  );
  process.stdout.write(
    [
      '',
      `Local SageMaker at ${running.url}${verify ? '' : ', signatures not verified'}`,
      ...endpoints.map(({ name, stack, variants }) => {
        const instances = variants.map(({ name: variant, instanceCount = 1 }) => `${variant} x ${instanceCount}`);
        return `  ${name.padEnd(width)}  ${instances.join(', ')}${stack ? `  (${stack})` : ''}`;
      }),
      '',
      'For any AWS SDK, in another terminal:',
      ...variables,
      ...variablesToUnset(running).map(name => `  unset ${name}`),
      '',
      'Or at once:',
      `  ${firstCommand(endpoints[0]!)} --local${endpoints.length > 1 ? ` --endpoint ${endpoints[0]!.name}` : ''}`,
      '',
      ...(running.inspectorUrl ? [`See every stream: ${running.inspectorUrl}`, ''] : []),
      'Ctrl-C stops it.',
      '',
      '',
    ].join('\n'),
  );
}

function shellWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** A command that the endpoint's model answers: Deepgram's want audio, not messages as they come. */
export function firstCommand({ variants }: Pick<EndpointDefinition, 'variants'>): string {
  const [model] = variants.map(variant => variant.model);
  if (model?.serves?.protocol === 'vllm-omni') return 'npx bidi speak "Hello there." -o hello.wav';
  if (model?.simulator === undefined && !model?.directory?.includes('speech-simulator')) {
    return 'npx bidi invoke "I need help with"';
  }
  return 'npx bidi transcribe examples/sample.wav';
}

function printJson(event: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
}

/** Ctrl-C, SIGTERM and the end of the terminal: the first stops in order, the second at once. */
class Interruption {
  private readonly firstSignal = new AbortController();
  private readonly secondSignal = new AbortController();
  private readonly signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  private readonly stopWatching: () => void;
  private readonly on = (): void => {
    if (this.firstSignal.signal.aborted) this.secondSignal.abort();
    else this.firstSignal.abort();
  };

  constructor() {
    for (const signal of this.signals) process.on(signal, this.on);
    this.stopWatching = onLauncherGone(() => this.firstSignal.abort());
  }

  get first(): AbortSignal {
    return this.firstSignal.signal;
  }

  wait(): Promise<void> {
    return aborted(this.firstSignal.signal);
  }

  again(): Promise<void> {
    return aborted(this.secondSignal.signal);
  }

  dispose(): void {
    this.stopWatching();
    for (const signal of this.signals) process.off(signal, this.on);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

function clockScale(text: string): Clock {
  try {
    return Clock.parse(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function collectFault(text: string, before: readonly InjectedFault[]): InjectedFault[] {
  return [...before, parsed(parseInjectedFault, text)];
}

/** A choice has an equals sign; anything else names a record of `bidi fidelity`, which is read when the command runs. */
function collectBehaviour(text: string, before: readonly (Behaviours | string)[]): (Behaviours | string)[] {
  return [...before, text.includes('=') ? parsed(parseBehaviour, text) : text];
}

/** Parses an option's value with a parser of the library, whose error becomes the option's. */
function parsed<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    throw new InvalidArgumentError(`${error.what} ${error.why}`);
  }
}

function faultHelp(): string {
  const width = Math.max(...Object.keys(INJECTED_FAULT_KINDS).map(kind => kind.length));
  const lines = Object.entries(INJECTED_FAULT_KINDS).map(([kind, definition]) => {
    const value = definition.value ? `; =${definition.value.meaning} (${definition.value.default})` : '';
    return `  ${kind.padEnd(width)}  ${definition.summary}: ${definition.phases.map(phase => `@${phase}`).join(' ')}${value}`;
  });
  return [
    '',
    'Faults, with their phases (the first is the default); /10 applies a fault to one session in ten:',
    ...lines,
    '',
    'Exit codes: 130 ended by Ctrl-C, 1 a container did not come into service, 2 invalid arguments, no such stack, or an app that fails.',
    '',
    'Examples:',
    '  bidi local EchoBidiStack',
    '  bidi local ./my-container --command "python app.py" -e HF_TOKEN',
    '  bidi local --app cdk.out --engine docker --watch',
    '  bidi local EchoBidiStack --clock 60x --fault crash@streaming/10 --fault throttling/4',
  ].join('\n');
}
