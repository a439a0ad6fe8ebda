import { ExplainedError } from '../contract';

/** A container cannot be started on this machine. */
export class ContainerStartError extends ExplainedError {
  override readonly code = 'ERR_BIDI_CONTAINER_START';
}

/** A container started and did not come into service. */
export class HealthCheckError extends ExplainedError {
  override readonly code = 'ERR_BIDI_HEALTH_CHECK';
}

/** The port is taken. */
export class PortInUseError extends ExplainedError {
  override readonly code = 'ERR_BIDI_PORT_IN_USE';
}

/** The options of the local SageMaker contradict each other. */
export class InvalidLocalOptionsError extends ExplainedError {
  override readonly code = 'ERR_BIDI_LOCAL_OPTIONS';
}
