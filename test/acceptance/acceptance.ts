/**
 * The whole path in an account, from preflight to destroy, with a report: what a maintainer runs once a release.
 *
 * `npm run acceptance -- --region R` in AWS, with credentials as the AWS CLI has them; `npm run acceptance -- --emulated` on this machine.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { endAll } from '../interop/processes';
import { Scorecard } from '../interop/scorecard';
import { runDirectory } from '../interop/tool-directory';
import { attachAccount, startAccount } from '../rehearse/emulated-account';
import { EmulatedBackend } from '../rehearse/emulated-backend';
import { rehearsalPython } from '../rehearse/emulator';
import { imageTools } from '../rehearse/rehearsal-tools';
import { AwsBackend, SMALLEST_INSTANCE_TYPES } from './aws-backend';
import { Deployed } from './deployed';
import { onInterrupt } from './interrupt';
import { planOf } from './plan';
import { playScript } from './play-script';
import { fidelityRecordOf, renderReport, reportOf } from './report';
import { ACCEPTANCE } from './script';
import { type Backend, STACK } from './stage';
import { withoutAccount } from './without-account';

const USAGE = `npm run acceptance -- --region REGION [options]   in AWS
npm run acceptance -- --emulated [options]        on this machine, without an account

  --region REGION        region of AWS to deploy to
  --profile PROFILE      profile of ~/.aws
  --instance-type TYPE   instance type (default: the smallest of ${SMALLEST_INSTANCE_TYPES.join(', ')} with quota)
  --slow                 also the probes of bidi fidelity that take minutes
  --plan                 say what it would do, and do nothing
  --yes                  do not ask
  --output DIRECTORY     where report.json and fidelity.json go (default: build/acceptance)

Exit codes: 0 every step passed, 1 one did not, 2 wrong words, no credentials or not agreed, 130 ended by Ctrl-C. The stack is destroyed in every case.
`;

/** Exit codes, as those of `bidi`. */
const EXIT = { passed: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const OPTIONS = {
  options: {
    region: { type: 'string' },
    profile: { type: 'string' },
    'instance-type': { type: 'string' },
    slow: { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
    output: { type: 'string', default: join('build', 'acceptance') },
    emulated: { type: 'boolean', default: false },
    // An emulated account of another process, which outlives this one: for the rehearsal, which looks at what an interrupted run left.
    account: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
} as const;

const words = readWords();

function readWords() {
  try {
    return parseArgs(OPTIONS).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return process.exit(EXIT.usage);
  }
}

async function main(): Promise<number> {
  if (words.help) {
    process.stdout.write(USAGE);
    return EXIT.passed;
  }
  if (words.profile !== undefined) process.env.AWS_PROFILE = words.profile;
  const region = words.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (!words.emulated && region === undefined) return say(`No region is named.\n\n${USAGE}`, EXIT.usage);
  const instanceTypes = words['instance-type'] === undefined ? SMALLEST_INSTANCE_TYPES : [words['instance-type']];
  const plan = `${planOf(ACCEPTANCE, region ?? 'the region', instanceTypes)}\n`;
  if (words.plan) {
    process.stdout.write(plan);
    return EXIT.passed;
  }
  if (!words.emulated) say(plan, 0);
  if (!words.emulated && !(await isAgreed(region!))) return EXIT.usage;

  const interrupt = onInterrupt(
    `Interrupted. What was deployed is destroyed first; that takes minutes in AWS. Once more, and ${STACK} stays and bills.`,
  );
  try {
    await using backend = words.emulated ? await emulatedBackend() : new AwsBackend(region!, words['instance-type']);
    if (!backend) return EXIT.failed;
    return await play(backend, interrupt);
  } finally {
    await endAll();
  }
}

async function play(backend: Backend, abortSignal: AbortSignal): Promise<number> {
  const startedAt = new Date();
  const outcome = await playScript(
    ACCEPTANCE,
    backend,
    { abortSignal, slow: words.slow },
    {
      onBegin: ({ name, title }) => say(`--- ${name}: ${title}\n`, 0),
      onResult: ({ name, verdict, seen }) => say(`${verdict}: ${name} (${seen})\n`, 0),
      onSkip: ({ what, why }) => say(`skipped: ${what} (${why})\n`, 0),
    },
  );
  mkdirSync(words.output, { recursive: true });
  const write = (name: string, value: object) =>
    writeFileSync(join(words.output, name), `${JSON.stringify(value, null, 2)}\n`);
  write('report.json', reportOf(outcome, startedAt));
  write('fidelity.json', fidelityRecordOf(outcome));
  process.stdout.write(`\n${renderReport(outcome)}`);
  say(`Written to ${words.output}: report.json, fidelity.json\n`, 0);
  return EXIT[outcome.verdict];
}

/** Says whose account it is, and asks. Only a terminal can answer. */
async function isAgreed(region: string): Promise<boolean> {
  try {
    // On the terminal alone: the person has to see whose bill it is. The report does not name it.
    say(`\nAccount: ${await new Deployed({ region }).account()}\n`, 0);
  } catch (error) {
    say(
      `There are no valid AWS credentials: ${withoutAccount((error as Error).message)}\nSign in, for example with aws sso login, or play it on this machine with --emulated.\n`,
      0,
    );
    return false;
  }
  if (words.yes) return true;
  if (!process.stdin.isTTY) return say('There is no terminal to answer on. Pass --yes to agree.\n', false);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question('Deploy it? [y/N] '));
  } finally {
    terminal.close();
  }
}

async function emulatedBackend(): Promise<EmulatedBackend | undefined> {
  if (words.account !== undefined) return new EmulatedBackend(attachAccount(words.account));
  const python = await rehearsalPython();
  const tools = { python, ...(await imageTools(python)), directory: runDirectory('acceptance') };
  const account = await startAccount(tools, new Scorecard());
  return account && new EmulatedBackend(account);
}

function say<T>(text: string, result: T): T {
  process.stderr.write(text);
  return result;
}

main().then(
  exitCode => {
    process.exitCode = exitCode;
  },
  error => {
    console.error(error);
    process.exitCode = EXIT.failed;
  },
);
