import {
  type DeepgramProductName,
  DeepgramProducts,
  endpointNameViolation,
  GATEWAY_DIALECTS,
  HUB_MODEL_PATTERN,
  INFERENCE_AMI_VERSIONS,
  INSTANCE_POOL_LIMIT,
  INSTANCE_TYPE_PATTERN,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  MODEL_PACKAGE_ARN_PATTERN,
  originViolation,
  queryStringViolation,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
} from '../../lib/contract';
import type { RolloutName } from '../../lib/infra';
import { editDistance } from './edit-distance';
import {
  checked,
  commandWords,
  flag,
  list,
  matching,
  oneOf,
  positiveInteger,
  positiveNumber,
  retention,
  seconds,
  text,
  variables,
} from './value-parsers';

const instanceType = matching(INSTANCE_TYPE_PATTERN, 'a hosting instance type, such as ml.g6.2xlarge');
const shapeOnly = (found: string | undefined) => found && `is not allowed: ${found.replace(/\.$/, '')}`;

/** cdk-nag packs by the names that the context gives them. */
export const NAG_PACKS = [
  'AwsSolutions',
  'HIPAASecurity',
  'NIST80053R4',
  'NIST80053R5',
  'PCIDSS321',
  'Serverless',
] as const;
/** Name of a cdk-nag pack. */
export type NagPackName = (typeof NAG_PACKS)[number];

/** Every context key of this kit with what its value must be. */
export const PARSERS = {
  endpointName: checked(value => shapeOnly(endpointNameViolation(value))),
  instanceType,
  instanceTypes: list(instanceType, INSTANCE_POOL_LIMIT),
  instanceCount: positiveInteger,
  inferenceAmi: oneOf(INFERENCE_AMI_VERSIONS),
  environment: variables,
  modelDownloadTimeout: seconds(MODEL_DOWNLOAD_TIMEOUT_SECONDS),
  startupHealthCheckTimeout: seconds(STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS),
  minCapacity: positiveInteger,
  maxCapacity: positiveInteger,
  targetConcurrency: positiveNumber,
  scalingPaused: flag,
  vpcId: matching(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC, such as vpc-0123456789abcdef0'),
  privateAccess: flag,
  alarmTopicArn: matching(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/, 'the ARN of an SNS topic'),
  logRetentionDays: retention,
  invokePolicy: flag,
  imageDirectory: text,
  localCommand: commandWords,
  rollout: oneOf<RolloutName>(['all-at-once', 'canary', 'linear', 'rolling']),
  modelPackageArn: matching(
    MODEL_PACKAGE_ARN_PATTERN,
    'the ARN of a model package, such as arn:aws:sagemaker:us-east-1:123456789012:model-package/name',
  ),
  product: oneOf(Object.keys(DeepgramProducts) as DeepgramProductName[]),
  query: checked(value => shapeOnly(queryStringViolation(value))),
  modelData: matching(
    /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+\/$/,
    'a prefix in S3 that ends with a slash, such as s3://bucket/model/',
  ),
  hubModel: matching(
    HUB_MODEL_PATTERN,
    'the id of a model on the Hugging Face hub, such as mistralai/Voxtral-Mini-4B-Realtime-2602',
  ),
  hubTokenSecret: text,
  servedModelName: text,
  maxModelLen: positiveInteger,
  maxSequences: positiveInteger,
  publicLoadBalancer: flag,
  certificateArn: matching(
    /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
    'the ARN of a certificate in AWS Certificate Manager',
  ),
  domainName: matching(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'a domain name, such as speech.example.com'),
  hostedZoneId: matching(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone in Route 53, such as Z0123456789ABCDEFGHIJ'),
  tokenSecret: text,
  allowedOrigins: list(checked(value => shapeOnly(originViolation(value)))),
  minTasks: positiveInteger,
  maxTasks: positiveInteger,
  sessionsPerTask: positiveInteger,
  dialect: oneOf(GATEWAY_DIALECTS),
  imageRepository: text,
  nagPacks: (value: unknown) => (value === 'none' ? [] : list(oneOf(NAG_PACKS))(value)),
};

/** Keys that only these stacks understand. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  rollout: ['EchoBidiStack', 'ContainerStack'],
  imageDirectory: ['ContainerStack'],
  localCommand: ['ContainerStack'],
  modelPackageArn: ['DeepgramStack', 'ModelPackageStack'],
  product: ['DeepgramStack'],
  query: ['DeepgramStack'],
  modelData: ['VllmStack'],
  hubModel: ['VllmStack'],
  hubTokenSecret: ['VllmStack'],
  servedModelName: ['VllmStack', 'GatewayStack'],
  maxModelLen: ['VllmStack', 'GatewayStack'],
  maxSequences: ['VllmStack'],
  publicLoadBalancer: ['GatewayStack'],
  certificateArn: ['GatewayStack'],
  domainName: ['GatewayStack'],
  hostedZoneId: ['GatewayStack'],
  tokenSecret: ['GatewayStack'],
  allowedOrigins: ['GatewayStack'],
  minTasks: ['GatewayStack'],
  maxTasks: ['GatewayStack'],
  sessionsPerTask: ['GatewayStack'],
  dialect: ['GatewayStack'],
} satisfies { [Key in keyof typeof PARSERS]?: string[] };

/** The stack that runs a gateway and deploys no endpoint, and the keys that it shares with those that do. */
const GATEWAY_STACK = 'GatewayStack';
const SHARED_WITH_GATEWAY: readonly string[] = [
  'endpointName',
  'vpcId',
  'alarmTopicArn',
  'logRetentionDays',
] satisfies (keyof typeof PARSERS)[];

/** Keys that are about the app, not about a stack. */
const APP_KEYS: readonly string[] = ['nagPacks', 'imageRepository'] satisfies (keyof typeof PARSERS)[];

/** Values by key, as parsed. */
export type ContextValues = { [Key in keyof typeof PARSERS]?: ReturnType<(typeof PARSERS)[Key]> };

/** Whether a name is one of the kit's keys. */
export function isKey(name: string): name is keyof ContextValues {
  return Object.hasOwn(PARSERS, name);
}

/** The readers of a key: the app, or one or two stacks. */
export function readerOf(key: string): string {
  if (APP_KEYS.includes(key)) return 'the app as a whole';
  return OWNERS[key]?.join(' and ') ?? 'the stacks that deploy an endpoint';
}

/** Where a key has to stand to be read: as it was written, unless it is for another stack or for the app. */
export function placeOf(key: string, stackId: string | undefined): string {
  if (stackId === undefined || APP_KEYS.includes(key)) return key;
  const owners = OWNERS[key];
  if (owners === undefined && stackId === GATEWAY_STACK && !SHARED_WITH_GATEWAY.includes(key)) return key;
  return `${owners === undefined || owners.includes(stackId) ? stackId : owners[0]}:${key}`;
}

/**
 * The key of ours that an unknown one was probably meant to be. Keys of the CDK and of others hold a colon, an at sign or
 * nothing like ours; with a stack's name before it, every unknown key is a mistake.
 */
export function meantKey(key: string, ofStack: boolean): string | undefined {
  if (/[:@/]/.test(key)) return undefined;
  const [nearest] = Object.keys(PARSERS)
    .map(candidate => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest && (ofStack || nearest.distance <= Math.max(1, Math.floor(key.length / 4)))
    ? nearest.candidate
    : undefined;
}
