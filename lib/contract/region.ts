import type { ExplanationTemplate } from './explained-error';
import { RUNTIME_PORT } from './runtime';

/** The explanation of an error for a missing region. */
export const MISSING_REGION: ExplanationTemplate = {
  what: 'No region is configured.',
  why: 'Neither {region} nor AWS_REGION nor the profile names one.',
  next: 'Set {region}, such as us-east-1, or export AWS_REGION=us-east-1',
  settings: ['region'],
};

/** An AWS partition, as far as a streaming endpoint needs to know it. */
export interface Partition {
  /** Name as it stands in an ARN, such as `aws` or `aws-cn`. */
  readonly name: string;
  /** Which regions belong to it. */
  readonly regionPattern: RegExp;
  /** Suffix of its hosts. */
  readonly dnsSuffix: string;
  /** Suffix of its dual-stack (IPv4 and IPv6) hosts. */
  readonly dualStackDnsSuffix: string;
  /** Host of its management console; absent where none is public. */
  readonly consoleHost?: string;
}

/**
 * The partitions for which the API's endpoint rules name port 8443.
 *
 * Source: endpoint rule set of `sagemaker-runtime-http2`, 2025-10-01; suffixes and region patterns from the AWS SDKs'
 * `partitions.json`. The rule set does not name `aws-iso-e`, so neither does this list.
 */
export const PARTITIONS: readonly Partition[] = [
  {
    name: 'aws',
    regionPattern: /^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/,
    dnsSuffix: 'amazonaws.com',
    dualStackDnsSuffix: 'api.aws',
    consoleHost: 'console.aws.amazon.com',
  },
  {
    name: 'aws-cn',
    regionPattern: /^cn-\w+-\d+$/,
    dnsSuffix: 'amazonaws.com.cn',
    dualStackDnsSuffix: 'api.amazonwebservices.com.cn',
    consoleHost: 'console.amazonaws.cn',
  },
  {
    name: 'aws-us-gov',
    regionPattern: /^us-gov-\w+-\d+$/,
    dnsSuffix: 'amazonaws.com',
    dualStackDnsSuffix: 'api.aws',
    consoleHost: 'console.amazonaws-us-gov.com',
  },
  {
    name: 'aws-iso',
    regionPattern: /^us-iso-\w+-\d+$/,
    dnsSuffix: 'c2s.ic.gov',
    dualStackDnsSuffix: 'api.aws.ic.gov',
  },
  {
    name: 'aws-iso-b',
    regionPattern: /^us-isob-\w+-\d+$/,
    dnsSuffix: 'sc2s.sgov.gov',
    dualStackDnsSuffix: 'api.aws.scloud',
  },
  {
    name: 'aws-iso-f',
    regionPattern: /^us-isof-\w+-\d+$/,
    dnsSuffix: 'csp.hci.ic.gov',
    dualStackDnsSuffix: 'api.aws.hci.ic.gov',
  },
  {
    name: 'aws-eusc',
    regionPattern: /^eusc-(de)-\w+-\d+$/,
    dnsSuffix: 'amazonaws.eu',
    dualStackDnsSuffix: 'api.amazonwebservices.eu',
    consoleHost: 'console.amazonaws-eusc.eu',
  },
];

/** The partition of the public regions. Its names stand in where a region belongs to no partition of this list. */
export const STANDARD_PARTITION: Partition = PARTITIONS[0]!;

/**
 * Regions whose runtime has a FIPS 140 validated host. The endpoint rules make a FIPS name for every region of a partition
 * that supports FIPS; only these resolve.
 *
 * Source: AWS General Reference, "Amazon SageMaker AI endpoints and quotas".
 */
export const FIPS_REGIONS: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'us-gov-east-1',
  'us-gov-west-1',
];

/** The partition of a region, or `undefined` when no partition with bidirectional streaming claims it. */
export function partitionOf(region: string): Partition | undefined {
  return PARTITIONS.find(partition => partition.regionPattern.test(region));
}

/** Which of a region's runtime hosts to use. */
export interface RuntimeUriOptions {
  /**
   * The FIPS 140 validated host.
   *
   * @default false
   */
  readonly fips?: boolean;
  /**
   * The host that also answers on IPv6.
   *
   * @default false
   */
  readonly dualStack?: boolean;
}

/**
 * The runtime URI of a DNS suffix, for callers who hold the suffix already (a CloudFormation token, say).
 *
 * Source: endpoint rule set of `sagemaker-runtime-http2`, 2025-10-01.
 */
export function runtimeUriOf(region: string, dnsSuffix: string, options: Pick<RuntimeUriOptions, 'fips'> = {}): string {
  const host = options.fips ? 'runtime-fips' : 'runtime';
  return `https://${host}.sagemaker.${region}.${dnsSuffix}:${RUNTIME_PORT}`;
}

/**
 * The URI of a region's streaming runtime, port included.
 *
 * @throws RangeError when no partition with bidirectional streaming holds the region.
 */
export function runtimeUri(region: string, options: RuntimeUriOptions = {}): string {
  const partition = partitionOf(region);
  if (!partition) {
    throw new RangeError(
      `No AWS partition with bidirectional streaming holds the region "${region}". ` +
        `Known partitions: ${PARTITIONS.map(known => known.name).join(', ')}.`,
    );
  }
  return runtimeUriOf(region, options.dualStack ? partition.dualStackDnsSuffix : partition.dnsSuffix, options);
}

/**
 * The region that a runtime host belongs to, or `undefined` when the host is not AWS's: `runtime.sagemaker.<region>.<suffix>`,
 * `runtime-fips…`, and the same names behind an interface endpoint (`vpce-….runtime.sagemaker.<region>.vpce.<suffix>`).
 */
export function regionOfRuntimeHost(host: string): string | undefined {
  const [, region, suffix] = /(?:^|\.)runtime(?:-fips)?\.sagemaker\.([a-z0-9-]+)\.(?:vpce\.)?(.+)$/.exec(host) ?? [];
  const partition = region === undefined ? undefined : partitionOf(region);
  return partition && (suffix === partition.dnsSuffix || suffix === partition.dualStackDnsSuffix) ? region : undefined;
}
