import { type Stack, Token } from 'aws-cdk-lib';
import {
  BIDIRECTIONAL_STREAM_PATH,
  FIPS_REGIONS,
  partitionOf,
  type RuntimeUriOptions,
  runtimeUriOf,
  runtimeUri as runtimeUriOfRegion,
} from '../contract';

/** Where streams of a stack's region are opened. A token where the region is not known yet. */
export function runtimeUri(stack: Stack, options: Pick<RuntimeUriOptions, 'fips'> = {}): string {
  return Token.isUnresolved(stack.region) || !partitionOf(stack.region)
    ? runtimeUriOf(stack.region, stack.urlSuffix, options)
    : runtimeUriOfRegion(stack.region, options);
}

/** The same at a FIPS 140 validated host, or `undefined` when the region is not known to have one. */
export function fipsRuntimeUri(stack: Stack): string | undefined {
  return FIPS_REGIONS.includes(stack.region) ? runtimeUri(stack, { fips: true }) : undefined;
}

/** Where streams to one endpoint are opened. */
export function streamUrl(stack: Stack, endpointName: string): string {
  // Not the contract's function, which would percent-encode a token; a name holds nothing that has to be encoded.
  return `${runtimeUri(stack)}/endpoints/${endpointName}/${BIDIRECTIONAL_STREAM_PATH}`;
}
