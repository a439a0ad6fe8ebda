import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readStacks, type StackError } from '../lib/assembly';
import { ExplainedError, type Explanation } from '../lib/contract';
import { temporaryFolder } from './temporary-folder';

/** The CDK app could not be run, ended with an error, or attached an error to a stack that is asked for. */
class SynthesisError extends ExplainedError {
  override readonly code = 'ERR_BIDI_SYNTHESIS';
}

/** Options of a synthesis. */
export interface SynthesisOptions {
  /** Directory of cdk.json. */
  readonly directory: string;
  /**
   * Stacks that have to be free of errors; an error of another stack is no obstacle, as with `cdk synth STACK`.
   *
   * @default - every stack
   */
  readonly stacks?: readonly string[];
  /**
   * Overrides of cdk.json's context, as `-c key=value` gives them.
   *
   * @default - none
   */
  readonly context?: Readonly<Record<string, string>>;
}

interface Settings {
  readonly app: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** The error that ended the app, as `failure-reporter.js` writes it. */
interface Failure extends Partial<Explanation> {
  readonly name?: string;
  readonly message: string;
}

/** Most lines of an app's failure that are repeated. */
const LINE_LIMIT = 12;

/**
 * Runs the CDK app of a directory: the same app and context as `cdk synth`, without the CDK command line's own second and a half.
 *
 * The cloud assembly goes to a folder of its own, so that two commands in one directory do not write over each other's. It is
 * there until this process ends. Assets are not copied into it: it names their sources.
 *
 * @returns the cloud assembly's directory, absolute
 * @throws SynthesisError
 */
export async function synthesize({ directory, stacks, context }: SynthesisOptions): Promise<string> {
  const settings = readSettings(directory);
  const assembly = temporaryFolder('assembly');
  const failureFile = join(temporaryFolder('failure'), 'failure.json');
  const app = spawn(settings.app, {
    cwd: directory,
    shell: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      // The template is the same without its validation, which takes most of a synthesis; the deployment validates it anyway.
      CDK_VALIDATION: 'false',
      ...process.env,
      BIDI_FAILURE_FILE: failureFile,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --require ${JSON.stringify(FAILURE_REPORTER)}`.trim(),
      // The variables that the CDK command line sets: the output directory, the context, and that the caller judges a stack's errors.
      CDK_OUTDIR: assembly,
      CDK_CONTEXT_JSON: JSON.stringify({
        ...settings.context,
        ...readLookups(directory),
        ...context,
        'aws:cdk:disable-asset-staging': true,
        '@aws-cdk/core:failSynthOnValidationErrors': false,
      }),
    },
  });
  let stderr = '';
  app.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(app, 'close')) as [number | null];
  if (code !== 0) throw failed(code, readFailure(failureFile), stderr, directory);
  if (!existsSync(join(assembly, 'manifest.json'))) {
    throw new SynthesisError({
      what: 'The CDK app wrote no cloud assembly.',
      why: 'It made no App of aws-cdk-lib, or one with an `outdir` of its own.',
      next: 'Make the App without `outdir`.',
    });
  }
  const errors = readStacks(assembly)
    .filter(({ names }) => stacks === undefined || stacks.some(name => names.includes(name)))
    .flatMap(stack => stack.errors);
  if (errors.length > 0) throw notDeployable(errors);
  return assembly;
}

const FAILURE_REPORTER = join(
  dirname(require.resolve('sagemaker-bidi-kit/package.json')),
  'bin',
  'failure-reporter.js',
);

function failed(code: number | null, failure: Failure | undefined, stderr: string, directory: string): SynthesisError {
  const what = `The CDK app ended with exit code ${code}.`;
  if (failure?.what !== undefined && failure.why !== undefined && failure.next !== undefined) {
    return new SynthesisError({ what: `${what} ${failure.what}`, why: failure.why, next: failure.next });
  }
  const place = resolve(directory) === process.cwd() ? 'this folder' : resolve(directory);
  return new SynthesisError({
    what,
    why: (failure ? firstLines(failure.message) : fromFirstError(stderr)) || 'It wrote nothing on stderr.',
    next: `Run in ${place}: npx cdk synth`,
  });
}

function notDeployable(errors: readonly StackError[]): SynthesisError {
  const what = 'The CDK app says that a stack cannot be deployed.';
  const [first] = errors;
  if (errors.length === 1 && first?.explanation) {
    const { explanation } = first;
    return new SynthesisError({ ...explanation, what: `${what} ${explanation.what}` });
  }
  return new SynthesisError({
    what,
    why: errors
      .map(({ message, explanation }) =>
        explanation ? `${explanation.what} ${explanation.why} ${explanation.next}` : message,
      )
      .join('\n'),
    next: 'Correct the app. `npx cdk synth` shows the same error.',
  });
}

function readFailure(file: string): Failure | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Failure) : undefined;
}

/**
 * For an app that is no Node.js program, or whose error is not an exception: its output, from the first line that names an error to
 * the stack of calls. An app in Python shows the error of the constructs first, then its own calls.
 */
function fromFirstError(stderr: string): string {
  const lines = stderr.trim().split(/\r?\n/);
  const first = lines.findIndex(line => /error\b|exception\b/i.test(line));
  if (lines.length <= LINE_LIMIT || first < 0) return lines.slice(-LINE_LIMIT).join('\n');
  const calls = lines.findIndex((line, index) => index > first && /^\s+at .+:\d+:\d+\)?$/.test(line));
  return lines.slice(first, Math.min(first + LINE_LIMIT, calls < 0 ? lines.length : calls)).join('\n');
}

function firstLines(text: string): string {
  return text.trim().split(/\r?\n/).slice(0, LINE_LIMIT).join('\n');
}

function readSettings(directory: string): Settings {
  const file = join(directory, 'cdk.json');
  const settings = readJson<Partial<Settings>>(file, 'Change to the directory of cdk.json.');
  if (settings.app) return { app: settings.app, context: settings.context };
  throw new SynthesisError({
    what: `${file} names no app.`,
    why: 'Its "app" is missing.',
    next: 'Add "app", the command that runs the CDK app.',
  });
}

/** The results of earlier lookups, such as the subnets of a VPC. */
function readLookups(directory: string): Readonly<Record<string, unknown>> {
  const file = join(directory, 'cdk.context.json');
  return existsSync(file) ? readJson(file, 'Delete it, and run npx cdk synth to look everything up again.') : {};
}

function readJson<T>(file: string, next: string): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (cause) {
    throw new SynthesisError(
      {
        what: `${file} could not be read.`,
        why: existsSync(file) ? (cause as Error).message : 'There is no CDK app in this directory.',
        next,
      },
      { cause },
    );
  }
}
