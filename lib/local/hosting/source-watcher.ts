import { type FSWatcher, watch } from 'node:fs';
import { sep } from 'node:path';

/** Milliseconds of quiet after a change before it counts: an editor or a build writes many files. */
const QUIET_MS = 300;

/** Directories whose changes are not the container's own. */
const IGNORED = new Set(['node_modules', 'dist', '.git', 'cdk.out', '__pycache__', 'coverage']);

/**
 * Watches a directory and everything below it.
 *
 * @param onChange called once after each burst of changes.
 * @returns a function that stops watching.
 */
export function watchSources(directory: string, onChange: () => void): () => void {
  let quiet: NodeJS.Timeout | undefined;
  const watcher: FSWatcher = watch(directory, { recursive: true }, (_, file) => {
    if (file?.split(sep).some(part => IGNORED.has(part))) return;
    clearTimeout(quiet);
    quiet = setTimeout(onChange, QUIET_MS);
  });
  watcher.on('error', () => {}); // the directory is gone: there is nothing to watch
  return () => {
    clearTimeout(quiet);
    watcher.close();
  };
}
