import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import type { CapacityOptions, CapacityProgress, CapacityResult, CapacitySubject, LoadPlan } from '../../lib/capacity';
import { AUDIO_CHUNK_MS, type ServedModel, type SpeechProtocol } from '../../lib/contract';
import { readLocalStates } from '../../lib/local/local-state';
import { wrap } from '../../lib/report/wrap';
import { controlPlane } from '../control-plane';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { protocolsOf, servedModel } from '../served-model';
import { positiveNumber, runStreaming } from '../stream-command';
import { findStreamTarget, type StreamTargetOptions, withStreamTarget } from '../stream-target';
import { synthesize } from '../synthesize';
import { columnsOf, LiveLine } from '../terminal';
import { UsageError } from '../usage-error';

interface CapacityCommandOptions extends StreamTargetOptions {
  readonly protocol?: SpeechProtocol;
  readonly model?: string;
  readonly wav?: string;
  readonly query?: string;
  readonly script?: string;
  readonly steps?: readonly number[];
  readonly start: number;
  readonly max: number;
  readonly resolution: number;
  readonly hold: number;
  readonly settle: number;
  readonly openRate: number;
  readonly openTimeout: number;
  readonly maxLag?: number;
  readonly maxErrors: number;
  readonly targetShare: number;
  readonly processes: number;
  readonly maxProcesses: number;
  readonly output: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Where the sessions go, and what the generator processes need for it. */
interface CapacityTarget {
  readonly endpointName: string;
  readonly region?: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly place: string;
  readonly instances: number;
  readonly remarks: readonly string[];
  /** The stack that it came from, where that is known. */
  readonly stack?: string;
  /** The model that it serves, where that is known. */
  readonly serves?: ServedModel;
  /** Whether sessions cost money. */
  readonly isReal: boolean;
  close(): Promise<void>;
}

/** Largest p95 lag where none is asked for, in milliseconds: a conversation bears it. Deepgram's answers come about once a second. */
const MAX_LAG_MS = { echo: 250, script: 250, listen: 1_500, realtime: 1_500 } as const;

/** `bidi capacity`: how many real-time sessions one instance holds, and the scaling target that follows. */
export function capacityCommand(): Command {
  return withStreamTarget(new Command('capacity'))
    .summary('measure how many sessions one instance holds, and propose the scaling target')
    .description(
      'Opens more and more real-time sessions until lag or errors exceed the limits, finds the largest number that holds, and prints the targetConcurrency for the stack. Lag is the time since a message was due. When the load generator is the limit, there is no verdict.',
    )
    .option('--wav <file>', 'stream this recording to a speech-to-text model, instead of echoing messages')
    .addOption(
      new Option(
        '--protocol <name>',
        "with --wav: the model's protocol (default: as the stack or the local SageMaker tells, else deepgram)",
      ).choices(protocolsOf('transcribe')),
    )
    .option('--model <name>', 'with --wav: the name under which vLLM serves the model (default: as for --protocol)')
    .option(
      '--query <query>',
      'deepgram: query of the listen stream; encoding and sample rate follow from the recording, and Nova-3 is asked for interim results',
    )
    .option('--script <file>', 'module that exports a load: { target?, run(session, context) }')
    .option('--steps <numbers>', 'numbers of sessions to try, instead of searching, such as 10,20,40', sessionSteps)
    .option('--start <sessions>', 'first number of sessions of the search', positiveNumber, 4)
    .option('--max <sessions>', 'largest number of sessions of the search', positiveNumber, 512)
    .option('--resolution <share>', 'how exact the search is, as a share of the number found', positiveNumber, 0.05)
    .option('--hold <seconds>', 'how long each number is measured', positiveNumber, 20)
    .option('--settle <seconds>', 'pause between the last open and the measurement', positiveNumber, 2)
    .option('--open-rate <sessions>', 'most sessions that are opened in a second', positiveNumber, 20)
    .option('--open-timeout <seconds>', 'how long an open may take', positiveNumber, 15)
    .option('--max-lag <ms>', 'largest p95 lag (default: 250; with --wav 1500)', positiveNumber)
    .option('--max-errors <share>', 'largest share of failed sessions', share, 0.01)
    .option('--target-share <share>', 'share of what one instance holds that the target is', positiveNumber, 0.75)
    .option('--processes <number>', 'load generator processes at the start', positiveNumber, 1)
    .option(
      '--max-processes <number>',
      'most of them; they are added when one is not enough',
      positiveNumber,
      Math.max(1, availableParallelism() - 1),
    )
    .option('--output <directory>', 'where result, report and picture go', 'bidi-capacity')
    .option('--yes', 'do not ask before loading a real endpoint')
    .option('--json', 'the result as JSON on stdout')
    .addHelpText(
      'after',
      wrappedHelp(`
With --local, a running \`bidi local\` is loaded; without one, the app's endpoint (--stack NAME) is started for the measurement.

Exit codes: 0 a number was found, 1 the generator was the limit or no number held, 2 the command could not run, 130 ended by Ctrl-C (the measurements up to then are kept).

Examples:
  bidi capacity --local --stack EchoBidiStack
  bidi capacity --stack VllmStack --wav call.wav
  bidi capacity --stack DeepgramStack --wav call.wav --query 'model=nova-3&language=en' --max-lag 1000
  bidi capacity --endpoint echo-bidi --region us-east-1 --steps 50,100,150 --hold 60 --yes`),
    )
    .action((options: CapacityCommandOptions) =>
      runStreaming('capacity', options, interrupted => capacity(options, interrupted)),
    );
}

async function capacity(options: CapacityCommandOptions, interrupted: AbortSignal): Promise<void> {
  const { GeneratorPool, measureCapacity, renderCapacity, renderStep, STEP_HEADER } = await import(
    '../../lib/capacity'
  );
  checkLoad(options);
  const target = await findTarget(options);
  try {
    const plan = loadPlan(options, target);
    const limits = { maxLagMs: options.maxLag ?? MAX_LAG_MS[plan.kind], maxErrors: options.maxErrors };
    const sessions = options.steps ?? {
      start: Math.round(options.start),
      max: Math.round(options.max),
      resolution: options.resolution,
    };
    if (target.isReal && !(await isAgreed(target, options, interrupted))) {
      throw new UsageError({
        what: `${target.endpointName} was not loaded.`,
        why: 'It is a real endpoint, and the load was not agreed to.',
        next: 'Pass --yes, or answer with y.',
      });
    }
    const pool = await GeneratorPool.start({
      processes: Math.round(options.processes),
      processLimit: Math.max(options.processes, options.maxProcesses),
      environment: target.environment,
      task: {
        plan,
        endpointName: target.endpointName,
        region: target.region,
        targetVariant: options.variant,
        openTimeoutMs: 1_000 * options.openTimeout,
        opensPerSecond: options.openRate,
        maxLagMs: limits.maxLagMs,
      },
    });
    let result: CapacityResult;
    const live = new LiveLine(process.stderr);
    try {
      process.stderr.write(`${STEP_HEADER}\n`);
      result = await measureCapacity(pool, {
        ...limits,
        holdMs: 1_000 * options.hold,
        settleMs: 1_000 * options.settle,
        openTimeoutMs: 1_000 * options.openTimeout,
        opensPerSecond: options.openRate,
        sessions,
        instances: target.instances,
        targetShare: options.targetShare,
        abortSignal: interrupted,
        onProgress: progress => {
          if (progress.phase === 'step') {
            live.clear();
            process.stderr.write(`${renderStep(progress.step)}\n`);
          } else live.show(describeProgress(progress));
        },
      } satisfies CapacityOptions);
    } finally {
      live.clear();
      await pool.stop();
    }
    const subject: CapacitySubject = {
      endpointName: target.endpointName,
      load: describeLoad(plan),
      place: target.place,
      stack: options.stack ?? target.stack,
      isLocal: !target.isReal,
      remarks: [...target.remarks, ...(plan.kind === 'realtime' && plan.protocol === 'vllm' ? [SEQUENCE_REMARK] : [])],
      ...(plan.kind === 'realtime' && plan.protocol === 'vllm' && { sequenceLimit: 'maxSequences' }),
    };
    process.stdout.write(
      options.json ? `${JSON.stringify({ ...subject, ...result }, null, 2)}\n` : `\n${renderCapacity(result, subject)}`,
    );
    await writeReports(result, subject, options.output);
    const { kind } = result.verdict;
    process.exitCode = kind === 'found' || kind === 'not-reached' ? ExitCode.OK : ExitCode.FAILED;
  } finally {
    await target.close();
  }
}

/** Query of a Deepgram listen stream where none is asked for. */
const LISTEN_QUERY = 'model=nova-3&language=en';

/** @throws UsageError when two loads are asked for, or a protocol without a recording */
function checkLoad({ wav, script, protocol, model }: CapacityCommandOptions): void {
  if (wav !== undefined && script !== undefined) {
    throw new UsageError({
      what: '--wav and --script are both given.',
      why: 'Each session plays one load.',
      next: 'Leave one of them out.',
    });
  }
  if (wav !== undefined || (protocol === undefined && model === undefined)) return;
  throw new UsageError({
    what: `--${protocol === undefined ? 'model' : 'protocol'} is given without --wav.`,
    why: 'It says to whom a recording is streamed.',
    next: 'Give a recording: --wav FILE',
  });
}

/** @throws UsageError when the load does not fit the model */
function loadPlan(options: CapacityCommandOptions, { endpointName, serves }: CapacityTarget): LoadPlan {
  const { wav, query, script } = options;
  if (script === undefined && wav === undefined && serves !== undefined) {
    throw new UsageError({
      what: '--wav is missing.',
      why: `${endpointName} serves a ${serves.protocol} model, which echoes nothing.`,
      next: 'Give a recording of speech: --wav FILE; or another load: --script FILE.',
    });
  }
  if (wav !== undefined) {
    const { protocol, modelName } = servedModel('transcribe', options, { endpointName, serves });
    if (protocol === 'deepgram') {
      const served = modelName?.startsWith('flux-') ? `model=${modelName}` : LISTEN_QUERY;
      return { kind: 'listen', file: wav, query: query ?? served };
    }
    if (protocol === 'vllm' && modelName === undefined) {
      throw new UsageError({
        what: '--model is missing.',
        why: 'vLLM takes the name that its server serves the model under.',
        next: 'Give --model NAME.',
      });
    }
    return { kind: 'realtime', protocol: protocol as 'vllm' | 'nim', file: wav, model: modelName };
  }
  return script === undefined ? { kind: 'echo' } : { kind: 'script', file: script };
}

function describeLoad(plan: LoadPlan): string {
  if (plan.kind === 'listen') return `${plan.file} in real time, ${plan.query}`;
  if (plan.kind === 'realtime') return `${plan.file} in real time, ${plan.protocol}`;
  return plan.kind === 'script' ? `sessions of ${plan.file}` : `3200 bytes every ${AUDIO_CHUNK_MS} ms, echoed`;
}

async function findTarget(options: CapacityCommandOptions): Promise<CapacityTarget> {
  const served = options.local === true ? servedHere() : [];
  if (options.local === true) {
    const isServed = served.some(({ stack }) => options.stack === undefined || stack === options.stack);
    if (!isServed && existsSync('cdk.json')) return startLocal(options.stack);
  }
  const { endpointName, region, local, serves } = await findStreamTarget(options);
  if (!local) return { ...(await realTarget(endpointName, options.region ?? region, options)), serves };
  const { accessKeyId, secretAccessKey, sessionToken } = local.credentials;
  const stack = served.find(({ name }) => name === endpointName)?.stack;
  return {
    ...LOCAL_PLACE,
    endpointName,
    serves,
    region: local.region,
    ...(stack !== undefined && { stack }),
    environment: {
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: local.url,
      AWS_REGION: local.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      NODE_EXTRA_CA_CERTS: local.certificateAuthorityFile,
    },
    close: async () => {},
  };
}

function servedHere() {
  return readLocalStates().flatMap(({ endpoints }) => endpoints);
}

/** What bounds a measurement of vLLM beside the GPU. */
const SEQUENCE_REMARK =
  'vLLM lets sessions beyond its maxSequences wait, which ends the search there: measure with a larger one to find what the GPU holds.';

const LOCAL_PLACE = {
  place: 'this machine',
  instances: 1,
  remarks: [
    'The load generator runs beside it. An instance in AWS holds another number: measure a deployed endpoint before a target is set.',
  ],
  isReal: false,
} as const;

/**
 * A local SageMaker in this process, for as long as the measurement takes: of the stack, or of the app's first endpoint that can run here.
 */
async function startLocal(stack: string | undefined): Promise<CapacityTarget> {
  const { LocalSageMaker, readCloudAssembly } = await import('../../lib/local');
  // Without a name, a stack of the app that cannot be deployed as it is does not matter.
  const assembly = await synthesize({ directory: '.', stacks: stack === undefined ? [] : [stack] });
  const endpoints = await readCloudAssembly(assembly, { stacks: stack === undefined ? [] : [stack] });
  const endpoint = endpoints.find(({ variants }) => variants.every(({ model }) => model.modelPackageArn === undefined));
  if (!endpoint) {
    throw new UsageError({
      what: `${stack ?? 'The app'} has no endpoint that runs on this machine.`,
      why: 'A model package of AWS Marketplace runs on AWS only.',
      next: 'Load its stand-in: npx bidi local STACK --simulate in another terminal, then this command again.',
    });
  }
  process.stderr.write(`Starting ${endpoint.stack ?? endpoint.name} on this machine.\n`);
  const local = await LocalSageMaker.start({ endpoints: [endpoint], port: 0 });
  return {
    ...LOCAL_PLACE,
    endpointName: endpoint.name,
    region: local.region,
    environment: local.environment(),
    serves: endpoint.variants[0]?.model.serves,
    stack: endpoint.stack,
    close: () => local.close(),
  };
}

/** A real endpoint, with the instances that share the load. */
async function realTarget(
  endpointName: string,
  region: string | undefined,
  options: CapacityCommandOptions,
): Promise<CapacityTarget> {
  const { readEndpointState } = await import('../../lib/operate/status');
  using plane = await controlPlane({ ...options, region });
  const answer = await readEndpointState(plane, endpointName);
  const remarks: string[] = [];
  let instances = 1;
  let there = 'instances unknown';
  if (answer.kind === 'answered') {
    const variants = answer.value.variants.filter(
      ({ name }) => options.variant === undefined || name === options.variant,
    );
    instances = Math.max(
      1,
      variants.reduce((sum, variant) => sum + (variant.currentInstances ?? 1), 0),
    );
    const types = variants.flatMap(variant => variant.instanceTypes.map(({ type }) => type)).join(', ');
    there = `${instances} × ${types || 'instance'}`;
    if (variants.some(variant => variant.scaling && variant.scaling.maxCapacity > (variant.currentInstances ?? 1))) {
      remarks.push(
        'The endpoint scales: it may have added instances during the measurement. Suspend scaling for a sure figure.',
      );
    }
  } else remarks.push(`The number of instances could not be looked up, so one is taken: ${answer.message}`);
  return {
    endpointName,
    region: region ?? (await plane.region()),
    environment: {},
    place: `${region ?? (await plane.region()) ?? 'the configured region'}, ${there}`,
    instances,
    remarks,
    isReal: true,
    close: async () => {},
  };
}

/** Says what the load comes to, and asks. Only a terminal can answer. */
async function isAgreed(
  target: CapacityTarget,
  options: CapacityCommandOptions,
  interrupted: AbortSignal,
): Promise<boolean> {
  const { estimateLoad } = await import('../../lib/capacity');
  const estimate = estimateLoad(options.steps ?? options, options);
  const minutes = Math.ceil(estimate.minutes);
  const hours = estimate.sessionHours < 0.1 ? 'less than 0.1' : `up to ${estimate.sessionHours.toFixed(1)}`;
  const said =
    `${target.endpointName} (${target.place}) will be loaded with up to ${counted(estimate.maxSessions, 'session')} at once, for up to ` +
    `${counted(minutes, 'minute')}: ${hours} session-hours. The instances bill as they do ` +
    'anyway; a Marketplace model may bill the session-hours on top, and so may data transfer.';
  process.stderr.write(`${wrap(said, columnsOf(process.stderr)).join('\n')}\n`);
  if (options.yes) return true;
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question('Go on? [y/N] ', { signal: interrupted }));
  } finally {
    terminal.close();
  }
}

function counted(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

function describeProgress(progress: Exclude<CapacityProgress, { phase: 'step' }>): string {
  switch (progress.phase) {
    case 'opening':
      return `opening ${progress.active} of ${progress.sessions} sessions`;
    case 'measuring':
      return `measuring ${progress.active} sessions, ${Math.ceil(progress.remainingMs / 1_000)} s to go`;
    case 'growing':
      return `the load generator was too slow; ${progress.processes} processes now`;
  }
}

async function writeReports(result: CapacityResult, subject: CapacitySubject, directory: string): Promise<void> {
  const { renderHtmlReport, renderPng } = await import('../../lib/capacity');
  mkdirSync(directory, { recursive: true });
  const write = (extension: string, content: string | Uint8Array) => {
    const file = join(directory, `${subject.endpointName}.${extension}`);
    writeFileSync(file, content);
    process.stderr.write(`wrote ${relative(process.cwd(), file)}\n`);
  };
  write('json', `${JSON.stringify({ ...subject, ...result }, null, 2)}\n`);
  write('html', renderHtmlReport(result, subject));
  const png = renderPng(result);
  if (png) write('png', png);
  else process.stderr.write('no picture: npm install @resvg/resvg-js makes one\n');
}

function sessionSteps(text: string): number[] {
  return text.split(',').map(part => Math.round(positiveNumber(part)));
}

/** Takes a share from 0 to 1. */
function share(text: string): number {
  return text === '0' ? 0 : positiveNumber(text);
}
