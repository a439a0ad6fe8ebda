import type { AwsCredentialIdentity, MessageSigner, Provider } from '@smithy/types';
import { runtimeUri } from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import { ORDERLY } from '../outcome';
import type { Probe } from '../probe';

const SIGV4 = 'AWS Signature Version 4';
const DENIED = 'HTTP 403';

/** What is wrong with a signature ends the request before a container is asked. */
export const SIGNATURE_PROBES: readonly Probe[] = [
  {
    name: 'wrong-secret',
    area: 'signatures',
    rule: 'A signature by another secret is refused.',
    source: SIGV4,
    expected: DENIED,
    play: endpoint =>
      refusal(endpoint, async () => ({
        ...(await credentialsOf(endpoint)),
        secretAccessKey: 'not-the-secret-of-the-key',
      })),
  },
  {
    name: 'unknown-key',
    area: 'signatures',
    rule: 'An unknown access key is refused.',
    source: SIGV4,
    expected: DENIED,
    play: endpoint => refusal(endpoint, { accessKeyId: 'AKIAFIDELITYUNKNOWN0', secretAccessKey: 'not-a-secret' }),
  },
  {
    name: 'wrong-region',
    area: 'signatures',
    rule: 'A signature for another region is refused.',
    source: SIGV4,
    expected: DENIED,
    play: async endpoint => {
      const region = await endpoint.region();
      const signingRegion = region === 'eu-west-1' ? 'eu-west-2' : 'eu-west-1';
      const url = endpoint.options.client.endpoint ?? runtimeUri(region);
      const client = endpoint.client({ region: signingRegion, endpoint: url, useFipsEndpoint: false });
      return statusAlone((await endpoint.request({ client })).end);
    },
  },
  {
    name: 'old-signature',
    area: 'signatures',
    rule: 'A signature of twenty minutes ago is refused.',
    source: `${SIGV4}: the date of a request`,
    expected: DENIED,
    play: async endpoint => {
      const client = endpoint.client({ systemClockOffset: -20 * 60_000 });
      return statusAlone((await endpoint.request({ client })).end);
    },
  },
  {
    name: 'no-signature',
    area: 'signatures',
    rule: 'A request without a signature is refused.',
    source: SIGV4,
    expected: DENIED,
    play: async endpoint => {
      const client = endpoint.client();
      client.middlewareStack.add(
        next => args => {
          delete (args.request as { headers: Record<string, string> }).headers.authorization;
          return next(args);
        },
        { step: 'deserialize', name: 'noSignature', priority: 'low' },
      );
      return statusAlone((await endpoint.request({ client })).end);
    },
  },
  {
    name: 'event-signature',
    area: 'signatures',
    rule: 'An event whose signature does not follow from the one before ends the stream with an error.',
    source: 'Smithy, "Amazon Event Stream signing"',
    expected: 'ended with an error',
    play: async endpoint => {
      const { end, parts } = await endpoint.request({ client: brokenChain(endpoint) });
      return parts.length > 0 ? 'passed to the container' : end === ORDERLY ? end : 'ended with an error';
    },
  },
];

function credentialsOf(endpoint: EndpointUnderTest): Promise<AwsCredentialIdentity> {
  return endpoint.client().config.credentials();
}

async function refusal(
  endpoint: EndpointUnderTest,
  credentials: AwsCredentialIdentity | Provider<AwsCredentialIdentity>,
): Promise<string> {
  return statusAlone((await endpoint.request({ client: endpoint.client({ credentials }) })).end);
}

/** The names of these errors differ between services; the status does not. */
function statusAlone(end: string): string {
  return /^HTTP \d+/.exec(end)?.[0] ?? end;
}

/** A client that signs its request right and each of its events wrong. */
function brokenChain(endpoint: EndpointUnderTest): ReturnType<EndpointUnderTest['client']> {
  const client = endpoint.client();
  const config = client.config as unknown as { messageSigner: () => Promise<MessageSigner> };
  const { messageSigner } = config;
  config.messageSigner = async () => {
    const signer = await messageSigner.call(config);
    return {
      signMessage: (...words) => signer.signMessage(...words),
      sign: ({ message }, options) => signer.sign({ message, priorSignature: '0'.repeat(64) }, options),
    };
  };
  return client;
}
