import { EndpointUnderTest } from '../../lib/fidelity';
import { type Backend, ENDPOINT_NAME } from './stage';

/** The endpoint, for streams to the probe of its container. */
export function probedEndpoint({ kind, streams }: Backend): EndpointUnderTest {
  return new EndpointUnderTest({
    endpointName: ENDPOINT_NAME,
    where: kind === 'aws' ? 'aws' : 'local',
    client: streams(),
  });
}
