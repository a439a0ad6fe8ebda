import { basename, dirname, relative, sep } from 'node:path';
import { watch } from 'chokidar';

/** Milliseconds of quiet after a change before it counts: an editor or a build writes many files. */
const QUIET_MS = 300;

/** Directories whose changes are not the container's own. */
const IGNORED = new Set(['node_modules', 'dist', '.git', 'cdk.out', '__pycache__', 'coverage']);

/**
 * Watches a directory and everything below it, whatever an editor does to save a file: write it, or write another and rename it. The
 * directory itself may be moved away and come back.
 *
 * Resolves when everything is watched, so that no change from then on is missed.
 *
 * @param onChange called once after each burst of changes.
 * @returns a function that stops watching.
 */
export async function watchSources(directory: string, onChange: () => void): Promise<() => void> {
  let quiet: NodeJS.Timeout | undefined;
  // The parent is watched only for the return of the directory itself.
  const parent = dirname(directory);
  const isIgnored = (path: string): boolean => {
    if (path === parent) return false;
    const [first, ...rest] = relative(parent, path).split(sep);
    return first !== basename(directory) || rest.some(part => IGNORED.has(part));
  };
  const watcher = watch(parent, { ignored: isIgnored, ignoreInitial: true });
  watcher.on('all', () => {
    clearTimeout(quiet);
    quiet = setTimeout(onChange, QUIET_MS);
  });
  watcher.on('error', () => {}); // a directory that cannot be read
  await new Promise<void>(resolve => watcher.once('ready', resolve));
  return () => {
    clearTimeout(quiet);
    void watcher.close();
  };
}
