import { partitionOf } from './region';

/** A private registry of Amazon ECR. */
export interface EcrRegistry {
  /** The account that owns it: twelve digits. */
  readonly registryId: string;
  /** Its region. */
  readonly region: string;
}

/** Hosts of Amazon ECR over IPv4 and IPv6 end with a suffix of their own. Source: Amazon ECR user guide, "Making requests over IPv6". */
const DUAL_STACK_SUFFIXES: Readonly<Record<string, string>> = {
  aws: 'on.aws',
  'aws-us-gov': 'on.aws',
  'aws-cn': 'on.amazonwebservices.com.cn',
};

const ECR_HOST = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/;

/**
 * The private registry of Amazon ECR that a host belongs to, or `undefined` for another registry:
 * `<account>.dkr.ecr.<region>.<suffix>`, `…dkr.ecr-fips…`, and `<account>.dkr-ecr.<region>.on.aws`.
 *
 * Source: Amazon ECR user guide, "Amazon ECR private registries"; suffixes as {@link partitionOf} has them.
 */
export function ecrRegistryOf(host: string): EcrRegistry | undefined {
  const [, registryId, region, suffix] = ECR_HOST.exec(host) ?? [];
  const partition = region === undefined ? undefined : partitionOf(region);
  if (registryId === undefined || region === undefined || partition === undefined) return undefined;
  const isKnown = suffix === partition.dnsSuffix || suffix === DUAL_STACK_SUFFIXES[partition.name];
  return isKnown ? { registryId, region } : undefined;
}

/** Whether an image lies in a private registry of Amazon ECR, also while its account or region is known only after deployment. */
export function isEcrImage(imageUri: string): boolean {
  return /^[^/]*\.dkr[.-]ecr(-fips)?\./.test(imageUri);
}
