/**
 * The streaming runtime's client as the SDK's generator makes it: a schema set, error classes, a type registry and a command of
 * its own on `@smithy/core`. It stands in for `@aws-sdk/client-sagemaker-runtime-http2`, which is not in every registry.
 * Source of the shape: aws/aws-sdk-js-v3, clients/client-sagemaker-runtime-http2.
 */
import {
  getHostHeaderPlugin,
  getLoggerPlugin,
  getRecursionDetectionPlugin,
  resolveHostHeaderConfig,
} from '@aws-sdk/core/client';
import { AwsSdkSigV4Signer, resolveAwsSdkSigV4Config } from '@aws-sdk/core/httpAuthSchemes';
import { AwsRestJsonProtocol } from '@aws-sdk/core/protocols';
import { eventStreamPayloadHandlerProvider } from '@aws-sdk/eventstream-handler-node';
import { getEventStreamPlugin, resolveEventStreamConfig } from '@aws-sdk/middleware-eventstream';
import {
  DefaultIdentityProviderConfig,
  getHttpAuthSchemeEndpointRuleSetPlugin,
  getHttpSigningPlugin,
} from '@smithy/core';
import { Client, makeBuilder, NoOpLogger, ServiceException } from '@smithy/core/client';
import { resolveRegionConfig } from '@smithy/core/config';
import { getEndpointPlugin, resolveEndpointConfig } from '@smithy/core/endpoints';
import { eventStreamSerdeProvider, resolveEventStreamSerdeConfig } from '@smithy/core/event-streams';
import { getContentLengthPlugin, parseUrl } from '@smithy/core/protocols';
import { getRetryPlugin, resolveRetryConfig } from '@smithy/core/retry';
import { getSchemaSerdePlugin, TypeRegistry } from '@smithy/core/schema';
import { calculateBodyLength, fromBase64, fromUtf8, Hash, toBase64, toUtf8 } from '@smithy/core/serde';
import { NodeHttp2Handler, streamCollector } from '@smithy/node-http-handler';

const NAMESPACE = 'com.amazonaws.sagemakerruntimehttp2';
const SYNTHETIC = `smithy.ts.sdk.synthetic.${NAMESPACE}`;

class BaseException extends ServiceException {}

/** An error class with the members of its shape, as the generator writes one by hand for each. */
function exception(name: string, $fault: 'client' | 'server') {
  return class extends BaseException {
    constructor(options: object) {
      super({ name, $fault, ...options } as never);
      Object.assign(this, options);
    }
  };
}

// biome-ignore lint/suspicious/noExplicitAny: schemas are static tuples.
type Schema = any;
const baseRegistry = new (TypeRegistry as never as new (namespace: string) => TypeRegistry)(SYNTHETIC);
const errorRegistry = new (TypeRegistry as never as new (namespace: string) => TypeRegistry)(NAMESPACE);
const baseSchema: Schema = [-3, SYNTHETIC, 'SageMakerRuntimeHTTP2ServiceException', 0, [], []];
baseRegistry.registerError(baseSchema, BaseException);

function errorShape(name: string, fault: 'client' | 'server', members: string[], httpError?: number): Schema {
  const types = members.map(member => (member === 'OriginalStatusCode' ? 1 : 0));
  const schema: Schema = [-3, NAMESPACE, name, { error: fault, ...(httpError && { httpError }) }, members, types];
  errorRegistry.registerError(schema, exception(name, fault) as never);
  return schema;
}

errorShape('InputValidationError', 'client', ['Message', 'ErrorCode'], 400);
errorShape('InternalServerError', 'server', ['Message', 'ErrorCode'], 500);
errorShape('ServiceUnavailableError', 'server', ['Message', 'ErrorCode'], 503);
const MODEL_ERROR = ['Message', 'OriginalStatusCode', 'OriginalMessage', 'LogStreamArn', 'ErrorCode'];
errorShape('ModelError', 'client', MODEL_ERROR, 424);
const streamError = errorShape('ModelStreamError', 'client', ['Message', 'ErrorCode']);
const streamFailure = errorShape('InternalStreamFailure', 'server', ['Message']);

const payload: Schema = [0, NAMESPACE, 'SensitiveBlob', 8, 21];
const part = (name: string): Schema => [
  3,
  NAMESPACE,
  name,
  0,
  ['Bytes', 'DataType', 'CompletionState', 'P'],
  [
    [() => payload, { eventPayload: 1 }],
    [0, { eventHeader: 1 }],
    [0, { eventHeader: 1 }],
    [0, { eventHeader: 1 }],
  ],
];
const requestPart = part('RequestPayloadPart');
const responsePart = part('ResponsePayloadPart');
const requestEvents: Schema = [
  4,
  NAMESPACE,
  'RequestStreamEvent',
  { streaming: 1 },
  ['PayloadPart'],
  [[() => requestPart, 0]],
];
const responseEvents: Schema = [
  4,
  NAMESPACE,
  'ResponseStreamEvent',
  { streaming: 1 },
  ['PayloadPart', 'ModelStreamError', 'InternalStreamFailure'],
  [
    [() => responsePart, 0],
    [() => streamError, 0],
    [() => streamFailure, 0],
  ],
];
const header = (name: string): Schema => [0, { httpHeader: name }];
const input: Schema = [
  3,
  NAMESPACE,
  'InvokeEndpointWithBidirectionalStreamInput',
  0,
  ['EndpointName', 'Body', 'TargetVariant', 'ModelInvocationPath', 'ModelQueryString'],
  [
    [0, 1],
    [() => requestEvents, 16],
    header('X-Amzn-SageMaker-Target-Variant'),
    header('X-Amzn-SageMaker-Model-Invocation-Path'),
    header('X-Amzn-SageMaker-Model-Query-String'),
  ],
  2,
];
const output: Schema = [
  3,
  NAMESPACE,
  'InvokeEndpointWithBidirectionalStreamOutput',
  0,
  ['Body', 'InvokedProductionVariant'],
  [[() => responseEvents, 16], header('X-Amzn-Invoked-Production-Variant')],
  1,
];
const operation: Schema = [
  9,
  NAMESPACE,
  'InvokeEndpointWithBidirectionalStream',
  { http: ['POST', '/endpoints/{EndpointName}/invocations-bidirectional-stream', 200] },
  () => input,
  () => output,
];

/** The command of the generated client. */
export class GeneratedCommand extends makeBuilder<Schema, Schema, Schema>(
  { Endpoint: { type: 'builtInParams', name: 'endpoint' }, Region: { type: 'builtInParams', name: 'region' } },
  'AmazonSageMakerRuntimeHttp2',
  'SageMakerRuntimeHTTP2Client',
  getEndpointPlugin,
)<Schema, Schema>(
  {},
  (_command, _stack, config) => [getEventStreamPlugin(config)],
  'InvokeEndpointWithBidirectionalStream',
  operation,
  { eventStream: { input: true, output: true } },
) {}

const SIGV4 = 'aws.auth#sigv4';

function signingOption({ region }: { region: string }) {
  return [
    {
      schemeId: SIGV4,
      signingProperties: { name: 'sagemaker', region },
      propertiesExtractor: (config: Schema, context: Schema) => ({ signingProperties: { config, context } }),
    },
  ];
}

/** The generated client. */
export class GeneratedClient extends Client<Schema, Schema, Schema, Schema> {
  override readonly config: Schema;

  constructor({ requestHandler, ...configuration }: Schema) {
    const defaults = {
      apiVersion: '2025-10-01',
      serviceId: 'SageMaker Runtime HTTP2',
      defaultSigningName: 'sagemaker',
      runtime: 'node',
      logger: new NoOpLogger(),
      base64Decoder: fromBase64,
      base64Encoder: toBase64,
      utf8Decoder: fromUtf8,
      utf8Encoder: toUtf8,
      bodyLengthChecker: calculateBodyLength,
      urlParser: parseUrl,
      sha256: Hash.bind(null, 'sha256'),
      streamCollector,
      disableHostPrefix: false,
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      maxAttempts: 3,
      retryMode: 'standard',
      authSchemePreference: async () => [],
      eventStreamPayloadHandlerProvider,
      eventStreamSerdeProvider,
      endpointProvider: ({ Endpoint }: { Endpoint: string }) => ({ url: new URL(Endpoint) }),
      httpAuthSchemeProvider: signingOption,
      httpAuthSchemes: [
        {
          schemeId: SIGV4,
          identityProvider: (providers: Schema) => providers.getIdentityProvider(SIGV4),
          signer: new AwsSdkSigV4Signer(),
        },
      ],
      protocol: AwsRestJsonProtocol,
      protocolSettings: {
        defaultNamespace: NAMESPACE,
        errorTypeRegistries: [baseRegistry, errorRegistry],
        version: '2025-10-01',
        serviceTarget: 'AmazonSageMakerRuntimeHttp2',
      },
      requestHandler: NodeHttp2Handler.create(requestHandler ?? { disableConcurrentStreams: true }),
    };
    const initial: Schema = { ...defaults, ...configuration };
    super(initial);
    const resolvers = [
      resolveRetryConfig,
      resolveRegionConfig,
      resolveHostHeaderConfig,
      resolveEndpointConfig,
      resolveEventStreamSerdeConfig,
      resolveAwsSdkSigV4Config,
      resolveEventStreamConfig,
    ] as ((config: Schema) => Schema)[];
    this.config = resolvers.reduce((config, resolve) => resolve(config), initial);
    for (const plugin of [
      getSchemaSerdePlugin(this.config),
      getRetryPlugin(this.config),
      getContentLengthPlugin(this.config),
      getHostHeaderPlugin(this.config),
      getLoggerPlugin(this.config),
      getRecursionDetectionPlugin(this.config),
      getHttpAuthSchemeEndpointRuleSetPlugin(this.config, {
        httpAuthSchemeParametersProvider: async (config: Schema) => ({ region: await config.region() }) as never,
        identityProviderConfigProvider: async (config: Schema) =>
          new DefaultIdentityProviderConfig({ [SIGV4]: config.credentials }),
      }),
      getHttpSigningPlugin(this.config),
    ] as Schema[]) {
      this.middlewareStack.use(plugin);
    }
  }
}
