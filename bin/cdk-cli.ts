import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { ExitCode } from './exit-code';
import { UsageError } from './usage-error';

/** What the kit has the CDK's command line do. */
export type CdkAction = 'synth' | 'deploy' | 'destroy';

/** What the app needs that the kit does not install, because who only streams needs none of it. */
const PACKAGES = ['aws-cdk', 'aws-cdk-lib', 'constructs', 'cdk-nag'] as const;

/**
 * Runs the CDK's command line on the kit's own app, in this folder and on this terminal, and prints the command before.
 *
 * @returns the exit code of a `bidi` command.
 * @throws UsageError when a package of the CDK is missing, with the command that installs it.
 */
export async function runCdk(action: CdkAction, words: readonly string[]): Promise<number> {
  const command = await cdkCommand();
  const all = [action, ...words, '--app', appCommand()];
  process.stderr.write(`$ ${shellCommand(['npx', 'cdk', ...all])}\n`);
  const cdk = spawn(process.execPath, [command, ...all], { stdio: 'inherit' });
  // Ctrl-C reaches the CDK as well: it is waited for. What reaches this process alone is passed on.
  const pass = (signal: NodeJS.Signals) => void cdk.kill(signal);
  const ignore = () => undefined;
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  try {
    const [code, signal] = (await once(cdk, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal !== null) return ExitCode.INTERRUPTED;
    return code === 0 ? ExitCode.OK : ExitCode.FAILED;
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
  }
}

/** A command as a POSIX shell reads it. */
export function shellCommand(words: readonly string[]): string {
  return words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** The file of the CDK's command line, after all packages are found. */
async function cdkCommand(): Promise<string> {
  const { kitDirectory, kitSpecifier, pinnedVersion } = await import('../lib/init');
  // The app finds packages from the kit's folder; the command line may also be the one of the user's folder.
  const placesOf = (name: string) => (name === 'aws-cdk' ? [process.cwd(), kitDirectory()] : [kitDirectory()]);
  const found = new Map(PACKAGES.map(name => [name, packageDirectory(name, placesOf(name))]));
  const missing = PACKAGES.filter(name => found.get(name) === undefined);
  const directory = found.get('aws-cdk');
  if (missing.length === 0 && directory !== undefined) return join(directory, 'bin', 'cdk');
  throw new UsageError({
    what: `The CDK is not installed here: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`,
    why: 'The stack of a folder needs it; the kit does not bring it, because who only streams does not need it.',
    next: `npm install ${kitSpecifier()} ${PACKAGES.map(name => `${name}@${pinnedVersion(name)}`).join(' ')}`,
  });
}

/** The folder of a package as Node.js finds it from one of the places; its `exports` may hide everything in it. */
function packageDirectory(name: string, places: readonly string[]): string | undefined {
  for (const place of places) {
    for (let folder = place; ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', name);
      if (existsSync(join(candidate, 'package.json'))) return candidate;
      if (dirname(folder) === folder) break;
    }
  }
  return undefined;
}

/** What runs the kit's app: compiled in the package, by the repository's loader in the repository. */
function appCommand(): string {
  const isSource = extname(__filename) === '.ts';
  const app = relative('.', join(__dirname, isSource ? 'app.ts' : 'app.js'));
  return shellCommand(isSource ? ['node', '--require', require.resolve('esbuild-register'), app] : ['node', app]);
}
