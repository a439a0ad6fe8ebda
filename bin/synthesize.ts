import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ExplainedError } from '../lib/contract';

/** The CDK app could not be run, or ended with an error. */
export class SynthesisError extends ExplainedError {}

/**
 * Runs the CDK app of a directory and leaves its cloud assembly, as `cdk synth` would: the same app, the same context, the
 * same output, without the CDK command line's own second and a half.
 *
 * @param directory where cdk.json is
 * @param outputDirectory where the cloud assembly goes
 * @param context overrides of cdk.json's context, as `-c key=value` gives them
 * @returns the cloud assembly's directory, absolute
 */
export async function synthesize(
  directory: string,
  outputDirectory: string,
  context: Readonly<Record<string, string>> = {},
): Promise<string> {
  const file = join(directory, 'cdk.json');
  let settings: { readonly app?: string; readonly context?: Record<string, unknown> };
  try {
    settings = JSON.parse(readFileSync(file, 'utf8')) as typeof settings;
  } catch (cause) {
    throw new SynthesisError(
      {
        what: `${file} could not be read.`,
        why: 'There is no CDK app in this directory.',
        next: 'Change to the directory of cdk.json.',
      },
      { cause },
    );
  }
  if (!settings.app) {
    throw new SynthesisError({
      what: `${file} names no app.`,
      why: 'Its "app" is missing.',
      next: 'Add "app", the command that runs the CDK app.',
    });
  }
  const assembly = resolve(directory, outputDirectory);
  const app = spawn(settings.app, {
    cwd: directory,
    shell: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      // What the CDK command line sets (aws-cdk-lib, cx-api): where to, with what context.
      CDK_OUTDIR: assembly,
      CDK_CONTEXT_JSON: JSON.stringify({ ...settings.context, ...context }),
    },
  });
  let complaint = '';
  app.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = (await once(app, 'close')) as [number | null];
  if (code !== 0) {
    throw new SynthesisError({
      what: `The CDK app ended with exit code ${code}.`,
      why: complaint.trim().split('\n').slice(-12).join('\n') || 'It said nothing on stderr.',
      next: `Run \`npx cdk synth\` in ${directory}.`,
    });
  }
  return assembly;
}
