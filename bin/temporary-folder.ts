import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const folders: string[] = [];

/**
 * Makes a folder that is there until this process ends.
 *
 * @param name what it holds, as part of its name.
 */
export function temporaryFolder(name: string): string {
  if (folders.length === 0) removeAtEnd();
  const folder = mkdtempSync(join(tmpdir(), `bidi-${name}-`));
  folders.push(folder);
  return folder;
}

function removeAtEnd(): void {
  const remove = () => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      // A command that handles the signal goes on until it has ended by itself.
      if (process.listenerCount(signal) > 0) return;
      remove();
      process.kill(process.pid, signal);
    });
  }
}
