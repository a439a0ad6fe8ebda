import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ExplainedError, ecrRegistryOf } from '../../contract';
import { type DockerfileBuild, readDockerfile } from '../../dockerfile';
import { type ContainerImage, checkImage, parseImageReference, readEcrImage, readEngineImage } from '../../image';
import type { Finding } from '../../report/finding';
import { checkDockerfile } from './check-dockerfile';

/** How a target is checked without running it. */
export interface StaticCheckOptions extends DockerfileBuild {
  /**
   * Name of the Dockerfile in a directory.
   *
   * @default 'Dockerfile'
   */
  readonly file?: string;
  /**
   * Read the image from ECR even where a container engine on this machine keeps an image of that name.
   *
   * @default false
   */
  readonly pushed?: boolean;
}

/** The findings, and the parts of the target that can be run. */
export interface StaticCheck {
  readonly findings: readonly Finding[];
  /** Directory of the Dockerfile, and the Dockerfile in it. */
  readonly directory?: { readonly path: string; readonly file: string };
  /** Name by which a container engine can run it. */
  readonly image?: string;
  /** Words of its entry point, where one was read. */
  readonly entrypoint?: readonly string[];
}

/** The target is neither a directory, a Dockerfile nor an image. */
export class StaticCheckError extends ExplainedError {
  override readonly code = 'ERR_BIDI_CHECK_TARGET';
}

/** Longest Dockerfile that is read, in bytes. */
const DOCKERFILE_LIMIT_BYTES = 1024 * 1024;

/**
 * Checks a directory with a Dockerfile, a Dockerfile, or an image by its name: from a container engine on this machine, else from
 * Amazon ECR.
 *
 * @throws StaticCheckError, DockerfileError or ImageError when there is nothing to check
 */
export async function checkStatically(target: string, options: StaticCheckOptions = {}): Promise<StaticCheck> {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return checkDockerfileIn(target, options.file ?? 'Dockerfile', options);
  if (stat && /dockerfile|containerfile/i.test(basename(target))) {
    return checkDockerfileIn(dirname(target), basename(target), options);
  }
  if (stat) {
    throw new StaticCheckError({
      what: `${target} is neither a directory nor a Dockerfile.`,
      why: 'Archives of images are not read.',
      next: `Load it and check the image by its name: docker load --input ${target}`,
    });
  }
  if (/^[./~]/.test(target)) {
    throw new StaticCheckError({
      what: `There is no ${target}.`,
      why: 'It looks like a path, but no directory or file has this path.',
      next: 'Name a directory with a Dockerfile, or an image.',
    });
  }
  const image = await readImage(target, options.pushed ?? false);
  return { findings: checkImage(image), image: target, entrypoint: image.configuration.entrypoint };
}

function checkDockerfileIn(path: string, file: string, options: DockerfileBuild): StaticCheck {
  const dockerfile = join(path, file);
  const stat = statSync(dockerfile, { throwIfNoEntry: false });
  if (!stat) {
    throw new StaticCheckError({
      what: `There is no ${dockerfile}.`,
      why: existsSync(join(path, 'oci-layout'))
        ? 'The directory is an OCI layout, which is not read.'
        : `The directory holds no ${file}.`,
      next: existsSync(join(path, 'oci-layout'))
        ? 'Load the image and check it by its name, for example: skopeo copy oci:DIRECTORY docker-daemon:NAME:latest'
        : 'Name the Dockerfile with --file, or another directory.',
    });
  }
  if (!stat.isFile() || stat.size > DOCKERFILE_LIMIT_BYTES) {
    throw new StaticCheckError({
      what: `${dockerfile} is no Dockerfile.`,
      why: stat.isFile() ? `It has more than ${DOCKERFILE_LIMIT_BYTES} bytes.` : 'It is not a regular file.',
      next: 'Name the Dockerfile with --file.',
    });
  }
  const text = readFileSync(dockerfile, 'utf8');
  const { entrypoint } = readDockerfile(text, options);
  return {
    findings: checkDockerfile(text, dockerfile, options),
    directory: { path, file },
    ...(entrypoint && { entrypoint: entrypoint.value.words }),
  };
}

async function readImage(name: string, pushed: boolean): Promise<ContainerImage> {
  const reference = parseImageReference(name);
  const kept = pushed ? undefined : await readEngineImage(name);
  if (kept) return kept;
  const ecr = ecrRegistryOf(reference.registry);
  if (ecr) return readEcrImage(reference, ecr);
  throw new StaticCheckError({
    what: `The image ${name} is not on this machine, and ${reference.registry} is not Amazon ECR.`,
    why: 'An image is read from a container engine on this machine or from ECR, where SageMaker pulls it from.',
    next: `Pull it, then check it again: docker pull ${name}`,
  });
}
