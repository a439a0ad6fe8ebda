import { ServiceException, type ServiceExceptionOptions } from '@smithy/core/client';

/** What every error of the service extends. */
export class SageMakerRuntimeHTTP2ServiceException extends ServiceException {
  constructor(options: ServiceExceptionOptions) {
    super(options);
    Object.setPrototypeOf(this, SageMakerRuntimeHTTP2ServiceException.prototype);
  }
}
