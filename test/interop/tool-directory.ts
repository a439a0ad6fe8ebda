import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Root of the source tree. */
export const REPOSITORY = join(__dirname, '..', '..');

/** Where downloaded and built tools stay for the next run: in the user's cache directory, free to be deleted at any time. */
export function toolDirectory(name: string): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const directory = join(cache, 'sagemaker-bidi-kit', 'tools', name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** A directory for this run alone, deleted when the process exits. */
export function runDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `sagemaker-bidi-kit-${name}-`));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
