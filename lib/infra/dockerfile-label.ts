import * as fs from 'node:fs';
import * as path from 'node:path';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_LINE, BIDIRECTIONAL_LABEL_VALUE, ExplainedError } from '../contract';
import { type DockerfileBuild, DockerfileError, readDockerfile } from '../dockerfile';

/** The image of a Dockerfile would not carry the label by which the platform routes streams to it. */
export class DockerfileLabelError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DOCKERFILE_LABEL';
}

/**
 * Refuses a Dockerfile whose image would not carry the streaming label.
 *
 * The label counts in the stage that is built and in every stage of the file that this one stands on. A base image from a
 * registry may carry it too, but synthesis does not read it, so the Dockerfile has to set it again.
 *
 * @throws DockerfileLabelError when the file or the stage is not there, or the label is missing or is not `true`.
 */
export function requireStreamingLabel(directory: string, file = 'Dockerfile', build: DockerfileBuild = {}): void {
  const dockerfile = path.join(directory, file);
  const value = labelValue(dockerfile, build);
  if (value === BIDIRECTIONAL_LABEL_VALUE) return;
  throw new DockerfileLabelError({
    what:
      value === undefined
        ? `${dockerfile} does not set the label ${BIDIRECTIONAL_LABEL} in ${stageInWords(build)}.`
        : `${dockerfile} sets the label ${BIDIRECTIONAL_LABEL} to "${value}" in ${stageInWords(build)}.`,
    why: `SageMaker refuses to route streams to an image whose label is not "${BIDIRECTIONAL_LABEL_VALUE}".`,
    next: `Add this line to that stage: ${BIDIRECTIONAL_LABEL_LINE}`,
  });
}

function labelValue(dockerfile: string, build: DockerfileBuild): string | undefined {
  let text: string;
  try {
    text = fs.readFileSync(dockerfile, 'utf8');
  } catch (cause) {
    throw new DockerfileLabelError(
      {
        what: `There is no Dockerfile at ${dockerfile}.`,
        why: 'The image of a streaming container is built from a Dockerfile.',
        next: 'Name the directory of the Dockerfile, and the file if it has another name.',
      },
      { cause },
    );
  }
  try {
    return readDockerfile(text, build).labels.get(BIDIRECTIONAL_LABEL)?.value;
  } catch (cause) {
    if (!(cause instanceof DockerfileError)) throw cause;
    const { what, why, next } = cause;
    throw new DockerfileLabelError({ what: `${dockerfile} cannot be built: ${what}`, why, next }, { cause });
  }
}

function stageInWords({ target }: DockerfileBuild): string {
  return target === undefined ? 'its last stage' : `stage "${target}"`;
}
