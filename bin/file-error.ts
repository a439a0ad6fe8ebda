import { UsageError } from './usage-error';

/** Why the file system refuses, by the code of its error. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file or folder.',
  ENOTDIR: 'A part of the path is a file, where a folder has to be.',
  EACCES: 'This user lacks the permission.',
  EPERM: 'This user lacks the permission.',
  EISDIR: 'It is a folder.',
  ENOSPC: 'The disk is full.',
  EROFS: 'The file system can only be read.',
};

/** The error of a file that cannot be opened or made, explained; `undefined` for every other error. */
export function explainFileError(error: unknown): UsageError | undefined {
  const { code, path, syscall, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || path === undefined || syscall?.startsWith('spawn')) return undefined;
  return new UsageError(
    {
      what: `${path} cannot be opened: ${message}.`,
      why: REASONS[code] ?? 'The file system refuses.',
      next: 'Look at the path, its owner and its permissions.',
    },
    { cause: error },
  );
}
