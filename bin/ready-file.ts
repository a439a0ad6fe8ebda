import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from './usage-error';

/**
 * Writes what a script that waits for a server has to know, readable by this user only and whole at any moment.
 *
 * @returns a function that removes it.
 * @throws UsageError when it cannot be written.
 */
export function writeReadyFile(path: string, content: object): () => void {
  const file = resolve(path);
  const unfinished = `${file}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, file);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    throw new UsageError({
      what: `${path} could not be written.`,
      why: (cause as Error).message,
      next: 'Name a file in a folder that you can write.',
    });
  }
  return () => rmSync(file, { force: true });
}
