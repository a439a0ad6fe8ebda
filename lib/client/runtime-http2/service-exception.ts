import { ServiceException, type ServiceExceptionOptions } from '@smithy/core/client';

/** The base class of the service's errors. */
export class SageMakerRuntimeHTTP2ServiceException extends ServiceException {
  constructor(options: ServiceExceptionOptions) {
    super(options);
    Object.setPrototypeOf(this, SageMakerRuntimeHTTP2ServiceException.prototype);
  }
}
