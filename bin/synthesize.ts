import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readStacks } from '../lib/assembly';
import { ExplainedError, type Explanation } from '../lib/contract';

/** The CDK app could not be run, ended with an error, or marked a stack that is wanted as wrong. */
export class SynthesisError extends ExplainedError {
  override readonly code = 'ERR_BIDI_SYNTHESIS';
}

/** What to synthesize. */
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
  readonly app?: string;
  readonly output?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * Runs the CDK app of a directory and leaves its cloud assembly where cdk.json says: the same app, context and output as
 * `cdk synth`, without the CDK command line's own second and a half.
 *
 * @returns the cloud assembly's directory, absolute
 * @throws SynthesisError
 */
export async function synthesize({ directory, stacks, context }: SynthesisOptions): Promise<string> {
  const settings = readSettings(directory);
  const assembly = resolve(directory, settings.output ?? 'cdk.out');
  const app = spawn(settings.app!, {
    cwd: directory,
    shell: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      // The template is the same without its validation, which takes most of a synthesis and is the deployment's to do.
      CDK_VALIDATION: 'false',
      ...process.env,
      // What the CDK command line sets: where to, with what context, and that it judges a stack's errors itself.
      CDK_OUTDIR: assembly,
      CDK_CONTEXT_JSON: JSON.stringify({
        ...settings.context,
        ...context,
        '@aws-cdk/core:failSynthOnValidationErrors': false,
      }),
    },
  });
  let complaint = '';
  app.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = (await once(app, 'close')) as [number | null];
  if (code !== 0) {
    const what = `The CDK app ended with exit code ${code}.`;
    const said = complaint.trim();
    const explained = explanationIn(said);
    const place = resolve(directory) === process.cwd() ? 'this folder' : resolve(directory);
    throw new SynthesisError(
      explained
        ? { ...explained, what: `${what} ${explained.what}` }
        : {
            what,
            why: said.split('\n').slice(-12).join('\n') || 'It said nothing on stderr.',
            next: `Run in ${place}: npx cdk synth`,
          },
    );
  }
  const errors = readStacks(assembly)
    .filter(({ names }) => stacks === undefined || stacks.some(name => names.includes(name)))
    .flatMap(stack => stack.errors);
  if (errors.length > 0) {
    const explained = errors.length === 1 ? explanationIn(errors[0]!) : undefined;
    const what = 'The CDK app says that a stack cannot be deployed.';
    throw new SynthesisError(
      explained
        ? { ...explained, what: `${what} ${explained.what}` }
        : {
            what,
            why: errors.map(inOneParagraph).join('\n'),
            next: 'Mend what it names; `npx cdk synth` shows the same.',
          },
    );
  }
  return assembly;
}

/** The three parts of an error that the app explains itself, as the errors of this kit do, so that none is said twice. */
function explanationIn(message: string): Explanation | undefined {
  const [what, ...whys] = message.trim().split(/\n *why: +/);
  const [why, ...nexts] = whys[0]?.split(/\n *next: +/) ?? [];
  if (whys.length !== 1 || nexts.length !== 1) return undefined;
  return { what: what!, why: why!, next: nexts[0]! };
}

function inOneParagraph(message: string): string {
  const explained = explanationIn(message);
  return explained ? `${explained.what} ${explained.why} ${explained.next}` : message;
}

function readSettings(directory: string): Settings {
  const file = join(directory, 'cdk.json');
  let settings: Settings;
  try {
    settings = JSON.parse(readFileSync(file, 'utf8')) as Settings;
  } catch (cause) {
    throw new SynthesisError(
      {
        what: `${file} could not be read.`,
        why: existsSync(file) ? (cause as Error).message : 'There is no CDK app in this directory.',
        next: 'Change to the directory of cdk.json.',
      },
      { cause },
    );
  }
  if (settings.app) return settings;
  throw new SynthesisError({
    what: `${file} names no app.`,
    why: 'Its "app" is missing.',
    next: 'Add "app", the command that runs the CDK app.',
  });
}
