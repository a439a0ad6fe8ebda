/**
 * The operation as a Smithy schema, from which the SDK serialises requests and reads responses.
 *
 * Source: API model `sagemaker-runtime-http2`, 2025-10-01. The tuples' meaning: `@smithy/types`, `StaticSchema`.
 */
import { TypeRegistry } from '@smithy/core/schema';
import type {
  SchemaTraits,
  StaticErrorSchema,
  StaticOperationSchema,
  StaticSimpleSchema,
  StaticStructureSchema,
  StaticUnionSchema,
} from '@smithy/types';
import {
  BIDIRECTIONAL_STREAM_PATH,
  HttpErrorStatus,
  OPERATION_NAME,
  PAYLOAD_PART,
  RuntimeHeader,
} from '../../contract';
import {
  InputValidationError,
  InternalServerError,
  InternalStreamFailure,
  ModelError,
  ModelStreamError,
  ServiceUnavailableError,
} from './errors';
import { SageMakerRuntimeHTTP2ServiceException } from './service-exception';

/** Smithy namespace of the service. */
export const NAMESPACE = 'com.amazonaws.sagemakerruntimehttp2';
const SYNTHETIC_NAMESPACE = `smithy.ts.sdk.synthetic.${NAMESPACE}`;

// Shape kinds and simple types by their Smithy numbers.
const SIMPLE = 0;
const STRUCTURE = 3;
const ERROR = -3;
const UNION = 4;
const OPERATION = 9;
const STRING = 0;
const INTEGER = 1;
const BLOB = 21;

// Trait bits of a member or shape.
const HTTP_LABEL = 1;
const SENSITIVE = 8;
const HTTP_PAYLOAD = 16;

const client = (httpError?: number): SchemaTraits => ({ error: 'client', ...(httpError && { httpError }) });
const server = (httpError?: number): SchemaTraits => ({ error: 'server', ...(httpError && { httpError }) });
const header = (name: string): [number, { httpHeader: string }] => [STRING, { httpHeader: name }];

const SageMakerRuntimeHTTP2ServiceException$: StaticErrorSchema = [
  ERROR,
  SYNTHETIC_NAMESPACE,
  'SageMakerRuntimeHTTP2ServiceException',
  0,
  [],
  [],
];
const InputValidationError$: StaticErrorSchema = [
  ERROR,
  NAMESPACE,
  'InputValidationError',
  client(HttpErrorStatus.InputValidationError),
  ['Message', 'ErrorCode'],
  [STRING, STRING],
];
const ModelError$: StaticErrorSchema = [
  ERROR,
  NAMESPACE,
  'ModelError',
  client(HttpErrorStatus.ModelError),
  ['Message', 'OriginalStatusCode', 'OriginalMessage', 'LogStreamArn', 'ErrorCode'],
  [STRING, INTEGER, STRING, STRING, STRING],
];
const InternalServerError$: StaticErrorSchema = [
  ERROR,
  NAMESPACE,
  'InternalServerError',
  server(HttpErrorStatus.InternalServerError),
  ['Message', 'ErrorCode'],
  [STRING, STRING],
];
const ServiceUnavailableError$: StaticErrorSchema = [
  ERROR,
  NAMESPACE,
  'ServiceUnavailableError',
  server(HttpErrorStatus.ServiceUnavailableError),
  ['Message', 'ErrorCode'],
  [STRING, STRING],
];
const ModelStreamError$: StaticErrorSchema = [
  ERROR,
  NAMESPACE,
  'ModelStreamError',
  client(),
  ['Message', 'ErrorCode'],
  [STRING, STRING],
];
const InternalStreamFailure$: StaticErrorSchema = [
  ERROR,
  NAMESPACE,
  'InternalStreamFailure',
  server(),
  ['Message'],
  [STRING],
];

// Registries of this package's own: those of the process may hold the classes of the official client.
const syntheticRegistry = new TypeRegistry(SYNTHETIC_NAMESPACE);
syntheticRegistry.registerError(SageMakerRuntimeHTTP2ServiceException$, SageMakerRuntimeHTTP2ServiceException);
const registry = new TypeRegistry(NAMESPACE);
registry.registerError(InputValidationError$, InputValidationError);
registry.registerError(ModelError$, ModelError);
registry.registerError(InternalServerError$, InternalServerError);
registry.registerError(ServiceUnavailableError$, ServiceUnavailableError);
registry.registerError(ModelStreamError$, ModelStreamError);
registry.registerError(InternalStreamFailure$, InternalStreamFailure);

/** From which the protocol makes the errors that the service names. */
export const errorTypeRegistries = [syntheticRegistry, registry];

const SensitiveBlob: StaticSimpleSchema = [SIMPLE, NAMESPACE, 'SensitiveBlob', SENSITIVE, BLOB];

const payloadPart = (name: string): StaticStructureSchema => [
  STRUCTURE,
  NAMESPACE,
  name,
  0,
  ['Bytes', 'DataType', 'CompletionState', 'P'],
  [
    [() => SensitiveBlob, { eventPayload: 1 }],
    [STRING, { eventHeader: 1 }],
    [STRING, { eventHeader: 1 }],
    [STRING, { eventHeader: 1 }],
  ],
];
const RequestPayloadPart$ = payloadPart('RequestPayloadPart');
export const ResponsePayloadPart$ = payloadPart('ResponsePayloadPart');

const RequestStreamEvent$: StaticUnionSchema = [
  UNION,
  NAMESPACE,
  'RequestStreamEvent',
  { streaming: 1 },
  [PAYLOAD_PART],
  [[() => RequestPayloadPart$, 0]],
];
export const ResponseStreamEvent$: StaticUnionSchema = [
  UNION,
  NAMESPACE,
  'ResponseStreamEvent',
  { streaming: 1 },
  [PAYLOAD_PART, 'ModelStreamError', 'InternalStreamFailure'],
  [
    [() => ResponsePayloadPart$, 0],
    [() => ModelStreamError$, 0],
    [() => InternalStreamFailure$, 0],
  ],
];

const InvokeEndpointWithBidirectionalStreamInput$: StaticStructureSchema = [
  STRUCTURE,
  NAMESPACE,
  'InvokeEndpointWithBidirectionalStreamInput',
  0,
  ['EndpointName', 'Body', 'TargetVariant', 'ModelInvocationPath', 'ModelQueryString'],
  [
    [STRING, HTTP_LABEL],
    [() => RequestStreamEvent$, HTTP_PAYLOAD],
    header(RuntimeHeader.TARGET_VARIANT),
    header(RuntimeHeader.MODEL_INVOCATION_PATH),
    header(RuntimeHeader.MODEL_QUERY_STRING),
  ],
  2,
];
export const InvokeEndpointWithBidirectionalStreamOutput$: StaticStructureSchema = [
  STRUCTURE,
  NAMESPACE,
  'InvokeEndpointWithBidirectionalStreamOutput',
  0,
  ['Body', 'InvokedProductionVariant'],
  [[() => ResponseStreamEvent$, HTTP_PAYLOAD], header(RuntimeHeader.INVOKED_PRODUCTION_VARIANT)],
  1,
];

export const InvokeEndpointWithBidirectionalStream$: StaticOperationSchema = [
  OPERATION,
  NAMESPACE,
  OPERATION_NAME,
  { http: ['POST', `/endpoints/{EndpointName}/${BIDIRECTIONAL_STREAM_PATH}`, 200] },
  () => InvokeEndpointWithBidirectionalStreamInput$,
  () => InvokeEndpointWithBidirectionalStreamOutput$,
];
