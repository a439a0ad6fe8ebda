import { ACCEPT_TIMEOUT_MS, BIDIRECTIONAL_STREAM_PATH } from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import { HANDSHAKE_FAILED } from '../outcome';
import type { Probe } from '../probe';

const GUIDE = 'developer guide, "Container contract to support bidirectional streaming capabilities"';
const API_MODEL = 'API model sagemaker-runtime-http2, 2025-10-01';
const MEASURED = 'measured by operators';

const REFUSED = `HTTP 424 ModelError, ${HANDSHAKE_FAILED}`;

/** How the platform opens the container's WebSocket. */
export const OPENING_PROBES: readonly Probe[] = [
  {
    name: 'default-path',
    area: 'opening',
    rule: `Without a path the container's WebSocket is /${BIDIRECTIONAL_STREAM_PATH}.`,
    source: GUIDE,
    expected: 'served by the echo',
    play: async endpoint => {
      const session = await endpoint.openSession();
      try {
        await session.send('to the echo');
        const answer = await session.receive({ timeoutMs: 15_000 });
        return answer === 'to the echo' ? 'served by the echo' : 'served by something else';
      } finally {
        session.abort();
      }
    },
  },
  {
    name: 'path-and-query',
    area: 'opening',
    rule: 'Path and query reach the container as they were given, in their order and encoding.',
    source: API_MODEL,
    expected: 'as given',
    play: async endpoint => {
      await using probe = await endpoint.open('z=1&a=b%20c&a=~');
      const { session } = await probe.report();
      const given = `/probe?session=${probe.name}&z=1&a=b%20c&a=~`;
      return session.request.target === given ? 'as given' : 'changed';
    },
  },
  {
    name: 'upgrade-request',
    area: 'opening',
    rule: 'The WebSocket is opened by a GET of HTTP/1.1 for version 13.',
    source: 'RFC 6455, section 4.1',
    expected: 'GET HTTP/1.1, version 13',
    play: async endpoint => {
      await using probe = await endpoint.open();
      const { method, httpVersion, headers } = (await probe.report()).session.request;
      const version = headers.find(([name]) => name.toLowerCase() === 'sec-websocket-version')?.[1];
      return `${method} HTTP/${httpVersion}, version ${version}`;
    },
  },
  {
    name: 'started-with-serve',
    area: 'opening',
    rule: 'The container is started with the argument `serve`.',
    source: 'developer guide, "Custom inference code with hosting services"',
    expected: 'serve',
    play: async endpoint => {
      await using probe = await endpoint.open();
      return (await probe.report()).process.arguments.join(' ');
    },
  },
  {
    name: 'invoked-variant',
    area: 'opening',
    rule: 'The response names the variant that answers.',
    source: API_MODEL,
    expected: 'named',
    play: async endpoint => ((await invokedVariant(endpoint)) === undefined ? 'not named' : 'named'),
  },
  {
    name: 'target-variant',
    area: 'opening',
    rule: 'A variant that is asked for answers.',
    source: API_MODEL,
    expected: 'the one asked for',
    play: async endpoint => {
      const targetVariant = await invokedVariant(endpoint);
      if (targetVariant === undefined) return 'no variant is named';
      const session = await endpoint.openSession({ targetVariant });
      session.abort();
      return session.invokedProductionVariant === targetVariant ? 'the one asked for' : 'another';
    },
  },
  {
    name: 'accept-late',
    area: 'opening',
    rule: `A container that does not accept the WebSocket within ${ACCEPT_TIMEOUT_MS} ms has refused it.`,
    source: GUIDE,
    expected: REFUSED,
    play: endpoint => endpoint.opening({ modelInvocationPath: 'probe', modelQueryString: 'accept_delay_ms=2000' }),
  },
  {
    name: 'accept-in-time',
    area: 'opening',
    rule: `A container that accepts the WebSocket within ${ACCEPT_TIMEOUT_MS} ms is in time.`,
    source: GUIDE,
    expected: 'opened',
    play: endpoint => endpoint.opening({ modelInvocationPath: 'probe', modelQueryString: 'accept_delay_ms=50' }),
  },
  ...[302, 400, 403, 500, 503].map(
    (status): Probe => ({
      name: `container-answers-${status}`,
      area: 'opening',
      rule: `A container that answers the upgrade with ${status} has refused it.`,
      source: MEASURED,
      expected: REFUSED,
      play: endpoint => endpoint.opening({ modelInvocationPath: 'probe', modelQueryString: `status=${status}` }),
    }),
  ),
  {
    name: 'unknown-path',
    area: 'opening',
    rule: 'A path that the container does not serve is refused by the container, not by the platform.',
    source: MEASURED,
    expected: REFUSED,
    play: endpoint => endpoint.opening({ modelInvocationPath: 'no/such.path' }),
  },
];

async function invokedVariant(endpoint: EndpointUnderTest): Promise<string | undefined> {
  await using probe = await endpoint.open();
  return probe.session.invokedProductionVariant;
}
