/** The container did not do what a probe needs to go on: the check that sent the probe fails with this sentence. */
export class ProbeError extends Error {
  constructor(
    message: string,
    /** HTTP status with which an upgrade was refused, where that is what happened. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ProbeError';
  }
}
