import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the figures depend on. */
export function describeMachine(): Record<string, string> {
  const [first] = cpus();
  return {
    processor: `${cpus().length} × ${first?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    'node.js': process.version,
    ws: version('ws'),
    'aws-cdk-lib': version('aws-cdk-lib'),
    'load before': loadavg()[0]!.toFixed(2),
  };
}

/** The commit that is measured. */
export function describeCommit(directory: string): string {
  try {
    const git = (...words: string[]) => execFileSync('git', words, { cwd: directory, encoding: 'utf8' }).trim();
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    );
  } catch {
    return 'unknown';
  }
}

function version(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
