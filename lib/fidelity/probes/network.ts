import { lookup } from 'node:dns/promises';
import { BlockList } from 'node:net';
import { RUNTIME_PORT, runtimeUri } from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import { outcomeOf } from '../outcome';
import { type Probe, ProbeSkipped } from '../probe';

/** Real time that a request to the wrong port is given, in milliseconds. */
const PATIENCE_MS = 5 * 60_000;

/** Addresses of private networks (RFC 1918). */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);

/** What only a real network can answer. */
export const NETWORK_PROBES: readonly Probe[] = [
  {
    name: 'port-443',
    area: 'network',
    behaviour: 'port-443',
    rule: `A request to port 443 instead of ${RUNTIME_PORT} is never answered.`,
    source: 'measured by operators',
    expected: 'hangs',
    slowMs: PATIENCE_MS,
    play: async endpoint => {
      const { hostname } = await runtimeUrl(endpoint);
      const client = endpoint.client({ endpoint: `https://${hostname}` });
      const { BidiSession } = await import('../../client');
      const { endpointName } = endpoint.options;
      const outcome = await BidiSession.open({ endpointName, client, retry: false, openTimeoutMs: PATIENCE_MS }).then(
        session => {
          session.abort();
          return 'opened';
        },
        outcomeOf,
      );
      return outcome === 'no answer' ? 'hangs' : outcome.startsWith('HTTP') ? 'refused' : outcome;
    },
  },
  {
    name: 'private-link',
    area: 'network',
    behaviour: 'private-link-8443',
    rule: `The interface endpoint sagemaker.runtime carries port ${RUNTIME_PORT}.`,
    source: 'a public application that opens both ports on it',
    expected: 'yes',
    play: async endpoint => {
      const { address } = await lookup((await runtimeUrl(endpoint)).hostname, 4);
      if (!PRIVATE.check(address)) {
        throw new ProbeSkipped(
          'The runtime host has a public address here: run it inside a VPC with the interface endpoint.',
        );
      }
      return (await endpoint.opening({})) === 'opened' ? 'yes' : 'no';
    },
  },
];

async function runtimeUrl(endpoint: EndpointUnderTest): Promise<URL> {
  if (endpoint.options.where === 'local')
    throw new ProbeSkipped('A local SageMaker has one port on the loopback interface.');
  return new URL(runtimeUri(await endpoint.region()));
}
