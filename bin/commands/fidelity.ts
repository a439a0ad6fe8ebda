import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import {
  API_VERSION,
  ExplainedError,
  FIDELITY_FORMAT,
  type FidelityRecord,
  type FidelityRow,
  parseFidelityRecord,
} from '../../lib/contract';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { positiveNumber, runStreaming } from '../stream-command';
import { type StreamTargetOptions, streamTargetConfiguration, withStreamTarget } from '../stream-target';
import { UsageError } from '../usage-error';

interface FidelityOptions extends StreamTargetOptions {
  readonly container: 'echo' | 'deepgram';
  readonly slow?: boolean;
  readonly clock?: number;
  readonly probe?: readonly string[];
  readonly output: string;
  readonly compare?: string;
  readonly json?: boolean;
}

/** `bidi fidelity`: whether an endpoint, local or real, behaves as the contract says. */
export function fidelityCommand(): Command {
  return withStreamTarget(new Command('fidelity'))
    .summary('compare an endpoint, local or in AWS, with the contract')
    .description(
      'Runs one probe for each row of the contract through the public API, against an endpoint with the echo container, whose path `probe` reports what it receives. Prints the expected behaviour, and the behaviour of the local SageMaker and of AWS. An unsettled row reports what the probe saw.',
    )
    .addOption(
      new Option('--container <name>', 'container of the endpoint').choices(['echo', 'deepgram']).default('echo'),
    )
    .option(
      '--slow',
      'also run the probes that take minutes: unanswered pings, 30 minutes, idle, port 443 (in AWS 32 minutes)',
    )
    .option('--clock <scale>', 'with --local: the scale of `bidi local --clock`', positiveNumber)
    .option('--probe <name>', 'run only this probe; may be repeated', collectProbe)
    .option('--output <file>', 'write the record to this file', 'fidelity.json')
    .option('--compare <file>', 'the record of another run, for the other column of the table')
    .option('--json', 'the record on stdout, instead of the table')
    .addHelpText(
      'after',
      wrappedHelp(`
The record holds region, date, versions and one row a probe: no account, no name of an endpoint, no payload. \`bidi local --behaviour fidelity.json\` then behaves as that endpoint did.

Exit codes: 0 every settled row agrees, 1 a row differs or its probe failed, 2 invalid arguments or no such endpoint, 130 ended by Ctrl-C.

Examples:
  bidi fidelity --local
  bidi fidelity --stack EchoBidiStack --slow --output fidelity/us-east-1.json
  bidi fidelity --endpoint echo-bidi --region eu-central-1 --compare fidelity-local.json`),
    )
    .action((options: FidelityOptions) =>
      runStreaming('fidelity', options, async signal => {
        process.exitCode = await fidelity(options, signal);
      }),
    );
}

function collectProbe(name: string, before: readonly string[] = []): string[] {
  return [...before, name];
}

async function fidelity(options: FidelityOptions, interrupted: AbortSignal): Promise<number> {
  const other = options.compare === undefined ? undefined : readRecord(options.compare);
  if (options.clock !== undefined && options.local === undefined) {
    throw new UsageError({
      what: '--clock is given without --local.',
      why: 'Only the clock of a local SageMaker can be scaled.',
      next: 'Leave --clock out, or name the local SageMaker with --local.',
    });
  }
  const { endpointName, configuration } = await streamTargetConfiguration(options);
  const { differences, EndpointUnderTest, PROBES, playProbes, renderFidelity } = await import('../../lib/fidelity');
  throwIfUnknown(options.probe ?? [], PROBES);
  const where = options.local === undefined ? 'aws' : 'local';
  using endpoint = new EndpointUnderTest({ endpointName, where, clockScale: options.clock, client: configuration });
  await throwUnlessProbed(endpoint, options.container);
  const isShown = process.stderr.isTTY === true;
  let played = 0;
  const rows = await orInterrupted(
    playProbes(endpoint, {
      slow: options.slow,
      container: options.container,
      only: options.probe,
      abortSignal: interrupted,
      onRow: row => {
        played += 1;
        if (isShown && row.verdict !== 'skipped') process.stderr.write(`\r\x1b[K${played} probes, ${row.probe}`);
      },
    }),
    interrupted,
  );
  if (isShown) process.stderr.write('\r\x1b[K');
  const record = recordOf(where, await endpoint.region(), rows);
  writeRecord(options.output, record);
  const columns = where === 'aws' ? { aws: record, local: other } : { local: record, aws: other };
  process.stdout.write(options.json ? `${JSON.stringify(record, null, 2)}\n` : renderFidelity(columns));
  if (!options.json) process.stderr.write(`Written to ${options.output}.\n`);
  return differences(record).length > 0 ? ExitCode.FAILED : ExitCode.OK;
}

function throwIfUnknown(names: readonly string[], probes: readonly { readonly name: string }[]): void {
  const unknown = names.filter(name => !probes.some(probe => probe.name === name));
  if (unknown.length === 0) return;
  throw new UsageError({
    what: `There is no probe ${unknown.join(', ')}.`,
    why: 'docs/fidelity.md lists the probes.',
    next: 'Name one of those, or leave --probe out to play all.',
  });
}

/** @throws UsageError where the container does not answer the first probe: every row would say so. */
async function throwUnlessProbed(
  endpoint: import('../../lib/fidelity').EndpointUnderTest,
  container: FidelityOptions['container'],
): Promise<void> {
  if (container !== 'echo') return;
  try {
    await using probe = await endpoint.open();
    await probe.report();
  } catch (error) {
    if (!(error instanceof ExplainedError) || error.code !== 'ERR_BIDI_MODEL_REFUSED') throw error;
    throw new UsageError(
      {
        what: 'The container behind the endpoint has no probe.',
        why: 'It refuses the path `probe`, which the echo container of this kit serves unless ECHO_PROBE is off.',
        next: 'Deploy or start EchoBidiStack and name that, or say --container deepgram for a Deepgram endpoint.',
      },
      { cause: error },
    );
  }
}

function orInterrupted<T>(work: Promise<T>, interrupted: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  const stop = new Promise<never>((_, reject) => {
    const onAbort = () => reject(new DOMException('Interrupted.', 'AbortError'));
    if (interrupted.aborted) onAbort();
    else interrupted.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, stop]);
}

function recordOf(where: FidelityRecord['where'], region: string, rows: readonly FidelityRow[]): FidelityRecord {
  const { version } = require('sagemaker-bidi-kit/package.json') as { version: string };
  return {
    format: FIDELITY_FORMAT,
    where,
    region,
    date: new Date().toISOString(),
    versions: { kit: version, api: API_VERSION, node: process.version },
    rows,
  };
}

/** Whole or not at all: a reader never finds half of it. */
function writeRecord(file: string, record: FidelityRecord): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, `${JSON.stringify(record, null, 2)}\n`);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

function readRecord(file: string): FidelityRecord {
  if (existsSync(file)) {
    try {
      return parseFidelityRecord(readFileSync(file, 'utf8'));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw new UsageError({
    what: `${file} is no record of bidi fidelity.`,
    why: 'The file is missing, or holds something else.',
    next: 'Name a file that `bidi fidelity` wrote.',
  });
}
