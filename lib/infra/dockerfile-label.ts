import type * as fs from 'node:fs';
import { BIDIRECTIONAL_LABEL, BIDIRECTIONAL_LABEL_LINE, ExplainedError } from '../contract';

/** The image of a Dockerfile would not carry the label by which the platform routes streams. */
export class DockerfileLabelError extends ExplainedError {}

/** Refuses a Dockerfile whose final image does not carry the streaming label. */
export function assertStreamingLabel(dockerfile: string, files: Pick<typeof fs, 'readFileSync'>): void {
  const text = files.readFileSync(dockerfile, 'utf8');
  if (!text.includes(`${BIDIRECTIONAL_LABEL}=true`)) {
    throw new DockerfileLabelError({
      what: `${dockerfile} does not set the label ${BIDIRECTIONAL_LABEL}.`,
      why: 'SageMaker refuses to route streams to an image without it.',
      next: `Add this line to its last stage: ${BIDIRECTIONAL_LABEL_LINE}`,
    });
  }
}
