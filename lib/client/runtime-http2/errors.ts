/**
 * The errors of the service, name for name and field for field as `@aws-sdk/client-sagemaker-runtime-http2` has them.
 *
 * They hold the fields of the response. {@link BidiSession} throws explained ones, with these as their `cause`.
 *
 * Source: API model `sagemaker-runtime-http2`, 2025-10-01.
 */
import type { ExceptionOptionType } from '@smithy/core/client';
import { SageMakerRuntimeHTTP2ServiceException as BaseException } from './service-exception';

/** HTTP 400: the request breaks a rule of the API, or names an endpoint or variant that does not exist. */
export class InputValidationError extends BaseException {
  /** Name of the error in the API model: tells it apart where `instanceof` cannot. */
  override readonly name = 'InputValidationError' as const;
  /** Side at fault, as the API model has it: the caller's. */
  override readonly $fault = 'client' as const;
  /** The service's message. The SDK moves it to `message`. */
  Message?: string | undefined;
  /** The platform's own code of the fault, where it tells one. */
  ErrorCode?: string | undefined;

  constructor(options: ExceptionOptionType<InputValidationError, BaseException>) {
    super({ name: 'InputValidationError', $fault: 'client', ...options });
    Object.setPrototypeOf(this, InputValidationError.prototype);
    this.Message = options.Message;
    this.ErrorCode = options.ErrorCode;
  }
}

/** HTTP 424: the model refused or failed the request. */
export class ModelError extends BaseException {
  /** Name of the error in the API model: tells it apart where `instanceof` cannot. */
  override readonly name = 'ModelError' as const;
  /** Side at fault, as the API model has it: the caller's. */
  override readonly $fault = 'client' as const;
  /** The service's message. The SDK moves it to `message`. */
  Message?: string | undefined;
  /** HTTP status that the model returned. */
  OriginalStatusCode?: number | undefined;
  /** The model's own message. */
  OriginalMessage?: string | undefined;
  /** CloudWatch log stream of the instance that answered. */
  LogStreamArn?: string | undefined;
  /** The platform's own code of the fault, where it tells one. */
  ErrorCode?: string | undefined;

  constructor(options: ExceptionOptionType<ModelError, BaseException>) {
    super({ name: 'ModelError', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ModelError.prototype);
    this.Message = options.Message;
    this.OriginalStatusCode = options.OriginalStatusCode;
    this.OriginalMessage = options.OriginalMessage;
    this.LogStreamArn = options.LogStreamArn;
    this.ErrorCode = options.ErrorCode;
  }
}

/** HTTP 500: a fault of the platform. */
export class InternalServerError extends BaseException {
  /** Name of the error in the API model: tells it apart where `instanceof` cannot. */
  override readonly name = 'InternalServerError' as const;
  /** Side at fault, as the API model has it: the service's. */
  override readonly $fault = 'server' as const;
  /** The service's message. The SDK moves it to `message`. */
  Message?: string | undefined;
  /** The platform's own code of the fault, where it tells one. */
  ErrorCode?: string | undefined;

  constructor(options: ExceptionOptionType<InternalServerError, BaseException>) {
    super({ name: 'InternalServerError', $fault: 'server', ...options });
    Object.setPrototypeOf(this, InternalServerError.prototype);
    this.Message = options.Message;
    this.ErrorCode = options.ErrorCode;
  }
}

/** HTTP 503: the endpoint cannot answer at the moment. */
export class ServiceUnavailableError extends BaseException {
  /** Name of the error in the API model: tells it apart where `instanceof` cannot. */
  override readonly name = 'ServiceUnavailableError' as const;
  /** Side at fault, as the API model has it: the service's. */
  override readonly $fault = 'server' as const;
  /** The service's message. The SDK moves it to `message`. */
  Message?: string | undefined;
  /** The platform's own code of the fault, where it tells one. */
  ErrorCode?: string | undefined;

  constructor(options: ExceptionOptionType<ServiceUnavailableError, BaseException>) {
    super({ name: 'ServiceUnavailableError', $fault: 'server', ...options });
    Object.setPrototypeOf(this, ServiceUnavailableError.prototype);
    this.Message = options.Message;
    this.ErrorCode = options.ErrorCode;
  }
}

/** On the open stream: the model reported an error or closed its WebSocket. */
export class ModelStreamError extends BaseException {
  /** Name of the error in the API model: tells it apart where `instanceof` cannot. */
  override readonly name = 'ModelStreamError' as const;
  /** Side at fault, as the API model has it: the caller's. */
  override readonly $fault = 'client' as const;
  /** The service's message. The SDK moves it to `message`. */
  Message?: string | undefined;
  /** `ModelInvocationTimeExceeded`, `StreamBroken` or another code of the platform. */
  ErrorCode?: string | undefined;

  constructor(options: ExceptionOptionType<ModelStreamError, BaseException>) {
    super({ name: 'ModelStreamError', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ModelStreamError.prototype);
    this.Message = options.Message;
    this.ErrorCode = options.ErrorCode;
  }
}

/** On the open stream: a fault of the platform. */
export class InternalStreamFailure extends BaseException {
  /** Name of the error in the API model: tells it apart where `instanceof` cannot. */
  override readonly name = 'InternalStreamFailure' as const;
  /** Side at fault, as the API model has it: the service's. */
  override readonly $fault = 'server' as const;
  /** The service's message. The SDK moves it to `message`. */
  Message?: string | undefined;

  constructor(options: ExceptionOptionType<InternalStreamFailure, BaseException>) {
    super({ name: 'InternalStreamFailure', $fault: 'server', ...options });
    Object.setPrototypeOf(this, InternalStreamFailure.prototype);
    this.Message = options.Message;
  }
}
