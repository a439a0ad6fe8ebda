import { ExplainedError } from '../contract';

/** The Dockerfile cannot be read as one: no stage, a stage that is not there, or more text than a Dockerfile has. */
export class DockerfileError extends ExplainedError {
  override readonly code = 'ERR_BIDI_DOCKERFILE';
}
