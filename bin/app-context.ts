import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import {
  type DeepgramProductName,
  DeepgramProducts,
  ExplainedError,
  endpointNameViolation,
  INFERENCE_AMI_VERSIONS,
  INSTANCE_POOL_LIMIT,
  INSTANCE_TYPE_PATTERN,
  MODEL_DOWNLOAD_TIMEOUT_SECONDS,
  MODEL_PACKAGE_ARN_PATTERN,
  queryStringViolation,
  STARTUP_HEALTH_CHECK_TIMEOUT_SECONDS,
} from '../lib/contract';
import type { BidiStackProps, DeepgramStackProps, RolloutName } from '../lib/infra';

/** Values in the app's context that mean something to this kit and are not what they must be, or keys that are misspelt. */
export class InvalidContextError extends ExplainedError {
  override readonly code = 'ERR_BIDI_INVALID_CONTEXT';
  /** One sentence a violation. */
  readonly violations: readonly string[];

  constructor(violations: readonly string[]) {
    super({
      what: `The app's context cannot be used:${violations.map(violation => `\n  - ${violation}`).join('')}`,
      why: 'Context comes from -c key=value, from cdk.json and from cdk.context.json; these entries were not understood.',
      next: 'Correct every line above. The keys and their values are listed in docs/constructs.md.',
    });
    this.violations = violations;
  }
}

/** A value that was not understood. Its message says what would be. */
class NotUnderstood extends Error {}

type Parser<T> = (value: unknown) => T;

const text: Parser<string> = value => {
  if (typeof value === 'string' && value.length > 0) return value;
  throw new NotUnderstood('must be a text');
};

function checked(violation: (value: string) => string | undefined): Parser<string> {
  return value => {
    const found = violation(text(value));
    if (found) throw new NotUnderstood(found);
    return text(value);
  };
}

function matching(pattern: RegExp, shape: string): Parser<string> {
  return checked(value => (pattern.test(value) ? undefined : `must be ${shape}`));
}

function oneOf<T extends string>(allowed: readonly T[]): Parser<T> {
  return value => {
    const found = allowed.find(candidate => candidate === value);
    if (found === undefined) throw new NotUnderstood(`must be one of ${allowed.join(', ')}`);
    return found;
  };
}

function list<T>(item: Parser<T>, most = Number.MAX_SAFE_INTEGER): Parser<readonly T[]> {
  return value => {
    const items = Array.isArray(value)
      ? value
      : text(value)
          .split(',')
          .map(part => part.trim());
    if (items.length < 1 || items.length > most) throw new NotUnderstood(`must name 1 to ${most}, separated by commas`);
    return items.map(item);
  };
}

const positiveInteger: Parser<number> = value => {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 1) return number;
  throw new NotUnderstood('must be a whole number of at least 1');
};

function seconds({ min, max }: { readonly min: number; readonly max: number }): Parser<Duration> {
  return value => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max)
      return Duration.seconds(number);
    throw new NotUnderstood(`must be whole seconds from ${min} to ${max}`);
  };
}

const positiveNumber: Parser<number> = value => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number > 0) return number;
  throw new NotUnderstood('must be a number of more than 0');
};

const flag: Parser<boolean> = value => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new NotUnderstood('must be true or false');
};

const variables: Parser<Record<string, string>> = value => {
  const shape = 'must be KEY=VALUE pairs separated by commas, or a JSON object of texts';
  let pairs: [string, unknown][];
  if (typeof value === 'string' && !value.trimStart().startsWith('{')) {
    pairs = value.split(',').map(pair => {
      const [, name, setting] = /^\s*([^=\s]+)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined) throw new NotUnderstood(`${shape}; "${pair}" is neither`);
      return [name, setting];
    });
  } else {
    try {
      pairs = Object.entries(typeof value === 'string' ? JSON.parse(value) : (value as object));
    } catch {
      throw new NotUnderstood(shape);
    }
  }
  for (const [name, setting] of pairs) {
    if (typeof setting !== 'string') throw new NotUnderstood(`${shape}; ${name} holds no text`);
  }
  return Object.fromEntries(pairs) as Record<string, string>;
};

const RETENTIONS = Object.values(RetentionDays).filter(days => typeof days === 'number');

const retention: Parser<RetentionDays> = value => {
  const days = RETENTIONS.find(candidate => String(candidate) === String(value));
  if (days === undefined) throw new NotUnderstood(`must be one of ${RETENTIONS.join(', ')}; 9999 is for ever`);
  return days;
};

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
const PARSERS = {
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
  vpcId: matching(/^vpc-[0-9a-f]{8,17}$/, 'the id of a VPC, such as vpc-0123456789abcdef0'),
  privateAccess: flag,
  alarmTopicArn: matching(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/, 'the ARN of an SNS topic'),
  logRetentionDays: retention,
  invokePolicy: flag,
  rollout: oneOf<RolloutName>(['all-at-once', 'canary', 'linear', 'rolling']),
  modelPackageArn: matching(
    MODEL_PACKAGE_ARN_PATTERN,
    'the ARN of a model package, such as arn:aws:sagemaker:us-east-1:123456789012:model-package/name',
  ),
  product: oneOf(Object.keys(DeepgramProducts) as DeepgramProductName[]),
  query: checked(value => shapeOnly(queryStringViolation(value))),
  imageRepository: text,
  nagPacks: (value: unknown) => (value === 'none' ? [] : list(oneOf(NAG_PACKS))(value)),
};

/** Keys that one stack alone understands. */
const OWNERS: Readonly<Record<string, string>> = {
  rollout: 'EchoBidiStack',
  modelPackageArn: 'DeepgramStack',
  product: 'DeepgramStack',
  query: 'DeepgramStack',
} satisfies { [Key in keyof typeof PARSERS]?: string };

/** Keys that are about the app, not about a stack. */
const APP_KEYS: readonly string[] = ['nagPacks', 'imageRepository'] satisfies (keyof typeof PARSERS)[];

/** What a message proposes where a value of scaling is missing. */
const SCALING_EXAMPLE = { maxCapacity: 4, targetConcurrency: 30 } as const;

type Values = { [Key in keyof typeof PARSERS]?: ReturnType<(typeof PARSERS)[Key]> };

/** What the context says about one stack. */
export interface StackContext extends Omit<BidiStackProps, keyof import('aws-cdk-lib').StackProps> {
  /**
   * How an update gets to the new instances; of the echo stack only.
   *
   * @default 'all-at-once'
   */
  readonly rollout?: RolloutName;
  /**
   * ARN of the model package in the stack's region; of the Deepgram stack only.
   *
   * @default - MissingModelPackageError, which says where to find it
   */
  readonly modelPackageArn?: DeepgramStackProps['modelPackageArn'];
  /**
   * The product that the package holds; of the Deepgram stack only.
   *
   * @default 'nova3'
   */
  readonly product?: DeepgramStackProps['product'];
  /**
   * Query with which clients should open streams: at most 2048 characters, percent-encoded; of the Deepgram stack only.
   *
   * @default - an example that works for the product
   */
  readonly query?: DeepgramStackProps['query'];
}

/** What the context says about the app. */
export interface AppContext {
  /** cdk-nag packs to check the app with. */
  readonly nagPacks: readonly NagPackName[];
  /** Repository under which to publish images, instead of the bootstrap's. */
  readonly imageRepository?: string;
  /** What it says about a stack: `-c key=value` for all, `-c STACK:key=value` for one, which counts more. */
  forStack(stackId: string): StackContext;
}

/**
 * Reads the app's context.
 *
 * @param stackIds ids of the stacks that `STACK:key` may name.
 * @throws InvalidContextError with every violation: values that are empty or not allowed, scaling that is half described, keys that
 * are almost ones of ours or stand where nothing reads them.
 */
export function readAppContext(app: IConstruct, stackIds: readonly string[]): AppContext {
  const violations: string[] = [];
  const given = new Set<string>();
  const shared: Values = {};
  const own = new Map(stackIds.map(id => [id, {} as Values]));
  for (const [path, value] of Object.entries(app.node.getAllContext() as Record<string, unknown>)) {
    const [stackId, key] = splitKey(path, stackIds);
    if (Object.hasOwn(PARSERS, key)) {
      const place = placeOf(key, stackId);
      if (place !== path) {
        const reader = APP_KEYS.includes(key) ? 'the app as a whole' : OWNERS[key];
        violations.push(`"${path}" would change nothing: ${key} is for ${reader}; write "${place}", or leave it out.`);
        continue;
      }
      given.add(path);
      const values: Record<string, unknown> = stackId === undefined ? shared : own.get(stackId)!;
      values[key] = undefined; // So that what is not understood for a stack is not what was said for all.
      if (typeof value === 'string' && value.trim() === '') {
        violations.push(`${path} is empty; perhaps a shell variable is not set.`);
        continue;
      }
      try {
        values[key] = PARSERS[key as keyof Values](value);
      } catch (error) {
        if (!(error instanceof NotUnderstood)) throw error;
        violations.push(`${path} is ${JSON.stringify(value)}; it ${error.message}.`);
      }
    } else {
      const meant = meantKey(key, stackId !== undefined);
      if (meant) violations.push(`"${path}" is no key; did you mean "${placeOf(meant, stackId)}"?`);
    }
  }
  violations.push(...scalingViolations(stackIds, given, id => ({ ...shared, ...own.get(id) })));
  if (violations.length > 0) throw new InvalidContextError(violations);
  return {
    nagPacks: shared.nagPacks ?? ['AwsSolutions'],
    imageRepository: shared.imageRepository,
    forStack: stackId => stackContext({ ...shared, ...own.get(stackId) }),
  };
}

function splitKey(path: string, stackIds: readonly string[]): [stackId: string | undefined, key: string] {
  const stackId = stackIds.find(id => path.startsWith(`${id}:`));
  return [stackId, stackId === undefined ? path : path.slice(stackId.length + 1)];
}

/** Where a key has to stand to be read: as it was written, unless it is for the other stack or for the app. */
function placeOf(key: string, stackId: string | undefined): string {
  if (stackId === undefined || APP_KEYS.includes(key)) return key;
  const owner = OWNERS[key];
  return `${owner !== undefined && Object.values(OWNERS).includes(stackId) ? owner : stackId}:${key}`;
}

/** What is wrong with the scaling of the stacks, said once where it is the same for all. */
function scalingViolations(
  stackIds: readonly string[],
  given: ReadonlySet<string>,
  valuesOf: (stackId: string) => Values,
): string[] {
  const violationsOf = (id: string, prefix: string) => {
    const path = (key: string) => [`${id}:${key}`, key].find(candidate => given.has(candidate));
    return scalingViolationsOf(valuesOf(id), path, prefix);
  };
  const [first, ...others] = stackIds.map(id => violationsOf(id, '').join());
  if (others.every(other => other === first)) return stackIds.slice(0, 1).flatMap(id => violationsOf(id, ''));
  return [...new Set(stackIds.flatMap(id => violationsOf(id, `${id}:`)))];
}

/**
 * What is wrong with the scaling of one stack. A key whose value was not understood counts as given.
 *
 * @param pathOf the key as it was given, with or without the stack's name, or `undefined`.
 * @param prefix before the keys that the violation proposes.
 */
function scalingViolationsOf(
  { minCapacity, maxCapacity, targetConcurrency }: Values,
  pathOf: (key: string) => string | undefined,
  prefix: string,
): string[] {
  const present = ['minCapacity', 'maxCapacity', 'targetConcurrency'].flatMap(key => pathOf(key) ?? []);
  const missing = ['maxCapacity', 'targetConcurrency'].filter(key => pathOf(key) === undefined);
  const violations: string[] = [];
  if (present.length > 0 && missing.length > 0) {
    const names = missing.map(key => prefix + key);
    const capacity = maxCapacity ?? Math.max(minCapacity ?? 1, SCALING_EXAMPLE.maxCapacity);
    const target = targetConcurrency ?? SCALING_EXAMPLE.targetConcurrency;
    violations.push(
      `${present.join(' and ')} ${present.length > 1 ? 'are' : 'is'} given and ${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} not: ` +
        `give both, such as -c ${prefix}maxCapacity=${capacity} -c ${prefix}targetConcurrency=${target}.`,
    );
  }
  if (minCapacity !== undefined && maxCapacity !== undefined && maxCapacity < minCapacity) {
    violations.push(
      `${pathOf('maxCapacity')} is ${maxCapacity} and ${pathOf('minCapacity')} ${minCapacity}; it must not be less.`,
    );
  }
  return violations;
}

function stackContext(values: Values): StackContext {
  const { minCapacity, maxCapacity, targetConcurrency, logRetentionDays, nagPacks, imageRepository, ...rest } = values;
  return {
    ...rest,
    logRetention: logRetentionDays,
    scaling:
      maxCapacity !== undefined && targetConcurrency !== undefined
        ? { minCapacity, maxCapacity, targetConcurrency }
        : undefined,
  };
}

/**
 * The key of ours that an unknown one was probably meant to be. Keys of the CDK and of others hold a colon, an at sign or
 * nothing like ours; with a stack's name before it, every unknown key is a mistake.
 */
function meantKey(key: string, ofStack: boolean): string | undefined {
  if (/[:@/]/.test(key)) return undefined;
  const [nearest] = Object.keys(PARSERS)
    .map(candidate => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest && (ofStack || nearest.distance <= Math.max(1, Math.floor(key.length / 4)))
    ? nearest.candidate
    : undefined;
}

/** Fewest insertions, deletions, substitutions and swaps of neighbours between two words. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substitution, swap));
    }
    rows.push(row);
  }
  return rows[from.length]![to.length]!;
}
