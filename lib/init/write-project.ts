import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ExplainedError } from '../contract';
import type { ProjectFiles } from './project-template';

/** A project cannot be written where it is to go. */
export class ProjectFolderError extends ExplainedError {
  override readonly code = 'ERR_BIDI_PROJECT_FOLDER';
}

/** Most names that an error lists. */
const LISTED = 5;

/**
 * Writes a new project into a folder, which is made where there is none. What fails leaves nothing behind.
 *
 * @throws ProjectFolderError when the folder is not empty, or is no folder.
 */
export function writeNewProject(folder: string, files: ProjectFiles): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  const there = stats?.isDirectory() ? readdirSync(folder) : [];
  if ((stats && !stats.isDirectory()) || there.length > 0) {
    throw new ProjectFolderError({
      what: `${folder} is not empty.`,
      why: stats?.isDirectory() ? `It holds ${listed(there)}.` : 'It is a file.',
      next: 'Name another folder; or, for a container that is there already: npx bidi init --here --container DIR',
    });
  }
  write(folder, files, stats === undefined);
}

/**
 * Writes files beside those that a folder holds. What fails leaves nothing behind.
 *
 * @throws ProjectFolderError when one of them is there already.
 */
export function addToProject(folder: string, files: ProjectFiles): void {
  const there = [...files.keys()].filter(path => statSync(join(folder, path), { throwIfNoEntry: false }));
  if (there.length > 0) {
    throw new ProjectFolderError({
      what: `${there.length === 1 ? 'A file' : 'Files'} that would be written ${there.length === 1 ? 'is' : 'are'} there already: ${listed(there)}.`,
      why: 'Nothing of yours is overwritten.',
      next: 'Run it in another folder, or move these away.',
    });
  }
  write(folder, files, false);
}

function write(folder: string, files: ProjectFiles, isNew: boolean): void {
  const written: string[] = [];
  try {
    for (const [path, text] of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
      written.push(file);
    }
  } catch (error) {
    if (isNew) rmSync(folder, { recursive: true, force: true });
    else for (const file of written) rmSync(file, { force: true });
    throw error;
  }
}

function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return `${names.slice(0, LISTED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
