import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ExplainedError } from '../../contract';
import type { DockerfileBuild } from '../../dockerfile';
import {
  type ContainerImage,
  checkImage,
  ecrRegistryOf,
  OCI_LAYOUT_FILE,
  parseImageReference,
  readEcrImage,
  readEngineImage,
  readImageArchive,
  readOciLayoutDirectory,
  readRegistryImage,
} from '../../image';
import type { Finding } from '../../report/finding';
import { checkDockerfile } from './check-dockerfile';

/** What is looked at without running it. */
export interface StaticCheckOptions extends DockerfileBuild {
  /**
   * Name of the Dockerfile in a directory.
   *
   * @default 'Dockerfile'
   */
  readonly file?: string;
  /**
   * Ask the registry even where a container engine on this machine keeps an image of that name.
   *
   * @default false
   */
  readonly pushed?: boolean;
}

/** What was found, and what of the target can be run. */
export interface StaticCheck {
  readonly findings: readonly Finding[];
  /** Directory of the Dockerfile, and the Dockerfile in it. */
  readonly directory?: { readonly path: string; readonly file: string };
  /** Name by which a container engine can run it. */
  readonly image?: string;
}

/** The target is nothing that can be checked. */
export class StaticCheckError extends ExplainedError {}

/**
 * Checks a directory with a Dockerfile, a Dockerfile, an OCI layout, an image archive, or an image by its name: from a container
 * engine on this machine, from ECR, or from any other registry.
 *
 * @throws StaticCheckError, DockerfileError or ImageError when there is nothing to check
 */
export async function checkStatically(target: string, options: StaticCheckOptions = {}): Promise<StaticCheck> {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    if (existsSync(join(target, OCI_LAYOUT_FILE))) {
      return { findings: checkImage(await readOciLayoutDirectory(target)) };
    }
    return checkDockerfileOf(target, options.file ?? 'Dockerfile', options);
  }
  if (stat?.isFile()) {
    return /dockerfile|containerfile/i.test(basename(target))
      ? checkDockerfileOf(dirname(target), basename(target), options)
      : { findings: checkImage(await readImageArchive(target)) };
  }
  if (/^[./~]/.test(target)) {
    throw new StaticCheckError({
      what: `There is no ${target}.`,
      why: 'It looks like a path: neither a directory nor a file is there.',
      next: 'Name a directory with a Dockerfile, an image archive, or an image.',
    });
  }
  return { findings: checkImage(await readImage(target, options.pushed ?? false)), image: target };
}

function checkDockerfileOf(path: string, file: string, options: DockerfileBuild): StaticCheck {
  const dockerfile = join(path, file);
  if (!existsSync(dockerfile)) {
    throw new StaticCheckError({
      what: `There is no ${dockerfile}.`,
      why: `The directory holds neither ${file} nor an OCI layout.`,
      next: 'Name the Dockerfile with --file, or another directory.',
    });
  }
  return {
    findings: checkDockerfile(readFileSync(dockerfile, 'utf8'), dockerfile, options),
    directory: { path, file },
  };
}

async function readImage(name: string, pushed: boolean): Promise<ContainerImage> {
  const reference = parseImageReference(name);
  const kept = pushed ? undefined : await readEngineImage(name);
  if (kept) return kept;
  const ecr = ecrRegistryOf(reference);
  return ecr ? readEcrImage(reference, ecr) : readRegistryImage(reference);
}
