import { Token } from 'aws-cdk-lib';
import {
  BIDIRECTIONAL_STREAM_PATH,
  FIPS_REGIONS,
  partitionOf,
  type RuntimeUriOptions,
  runtimeUriOf,
  runtimeUri as runtimeUriOfRegion,
} from '../contract';

/**
 * Where streams of a region are opened. A token where the region is not known yet.
 *
 * @param urlSuffix DNS suffix of the partition, for a region that is not known.
 */
export function runtimeUri(region: string, urlSuffix: string, options: Pick<RuntimeUriOptions, 'fips'> = {}): string {
  return Token.isUnresolved(region) || !partitionOf(region)
    ? runtimeUriOf(region, urlSuffix, options)
    : runtimeUriOfRegion(region, options);
}

/** The same at a FIPS 140 validated host, or `undefined` when the region is not known to have one. */
export function fipsRuntimeUri(region: string, urlSuffix: string): string | undefined {
  return FIPS_REGIONS.includes(region) ? runtimeUri(region, urlSuffix, { fips: true }) : undefined;
}

/** Where streams to one endpoint are opened. */
export function streamUrl(uri: string, endpointName: string): string {
  // Not the contract's function, which would percent-encode a token; a name holds nothing that has to be encoded.
  return `${uri}/endpoints/${endpointName}/${BIDIRECTIONAL_STREAM_PATH}`;
}
