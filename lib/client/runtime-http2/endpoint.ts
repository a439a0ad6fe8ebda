import type { EndpointV2, Provider } from '@smithy/types';
import { runtimeUri } from '../../contract';

/** The parameters that the SDK passes to an endpoint provider of this service. */
export interface EndpointParameters {
  readonly Region?: string;
  readonly Endpoint?: string;
  readonly UseFIPS?: boolean;
  readonly UseDualStack?: boolean;
}

/** The endpoint options of the client's configuration. */
export interface ClientInputEndpointParameters {
  /** Region of the endpoint, such as `us-east-1`. */
  region?: string | Provider<string>;
  /** Whether to use the host that answers on IPv4 and IPv6. Not together with `endpoint`. */
  useDualstackEndpoint?: boolean | Provider<boolean>;
  /** Whether to use the FIPS 140 validated host. Not together with `endpoint`. */
  useFipsEndpoint?: boolean | Provider<boolean>;
}

/**
 * Where a request goes: the endpoint that was given, or the region's streaming runtime on its own port.
 *
 * Source: endpoint rule set of `sagemaker-runtime-http2`, 2025-10-01.
 *
 * @throws Error where an endpoint of the caller's is combined with FIPS or dual-stack, or where no partition holds the region.
 */
export function resolveEndpoint({ Region, Endpoint, UseFIPS, UseDualStack }: EndpointParameters): EndpointV2 {
  if (Endpoint) {
    if (UseFIPS) throw new Error('Invalid Configuration: FIPS and custom endpoint are not supported');
    if (UseDualStack) throw new Error('Invalid Configuration: Dualstack and custom endpoint are not supported');
    return { url: new URL(Endpoint), properties: {}, headers: {} };
  }
  if (!Region) throw new Error('Invalid Configuration: Missing Region');
  return { url: new URL(runtimeUri(Region, { fips: UseFIPS, dualStack: UseDualStack })), properties: {}, headers: {} };
}
