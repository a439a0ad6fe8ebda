import { ExplainedError } from '../contract';

/** A container cannot be started on this machine. */
export class ContainerStartError extends ExplainedError {}

/** A container started and did not come into service. */
export class HealthCheckError extends ExplainedError {}

/** The port is taken. */
export class PortInUseError extends ExplainedError {}

/** What was asked of the local SageMaker does not fit together. */
export class InvalidLocalOptionsError extends ExplainedError {}
