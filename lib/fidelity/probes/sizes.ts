import { EVENT_PAYLOAD_LIMIT_BYTES } from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import type { Probe } from '../probe';

const GUIDE = 'developer guide, "Container contract to support bidirectional streaming capabilities"';
const MEBIBYTE = 1024 * 1024;

/** Payload lengths around those at which a frame's header grows (RFC 6455, section 5.2), and 1 MiB. */
const LENGTHS = [125, 126, 127, 65_535, 65_536, MEBIBYTE];

/** Messages to send one behind the other. */
const IN_A_ROW = 100;

/** Lengths of frames, and their order. */
export const SIZE_PROBES: readonly Probe[] = [
  {
    name: 'lengths-to-container',
    area: 'sizes',
    rule: 'Frames of every length up to 1 MiB arrive whole, one for one.',
    source: GUIDE,
    expected: LENGTHS.join(' '),
    play: async endpoint => {
      await using probe = await endpoint.open();
      for (const length of LENGTHS) await probe.session.send(Buffer.alloc(length));
      const { session } = await probe.report();
      const frames = session.frames.filter(({ opcode }) => opcode === 'binary');
      return frames.map(({ length }) => length).join(' ');
    },
  },
  {
    name: 'lengths-from-container',
    area: 'sizes',
    rule: 'Frames of every length up to 1 MiB come back whole, one for one.',
    source: GUIDE,
    expected: LENGTHS.join(' '),
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.askFor(...LENGTHS.map(size => ({ opcode: 'binary' as const, size })));
      return (await probe.take(LENGTHS.length)).map(({ bytes }) => bytes.length).join(' ');
    },
  },
  {
    name: 'order-to-container',
    area: 'sizes',
    rule: 'Messages arrive in the order in which they were sent.',
    source: GUIDE,
    expected: `${IN_A_ROW} in order`,
    play: async endpoint => {
      await using probe = await endpoint.open();
      for (let index = 1; index <= IN_A_ROW; index += 1) await probe.session.send(Buffer.alloc(index));
      const { session } = await probe.report();
      return ordered(session.messages.slice(0, -1).map(({ length }) => length));
    },
  },
  {
    name: 'order-from-container',
    area: 'sizes',
    rule: 'Answers arrive in the order in which the container sent them.',
    source: GUIDE,
    expected: `${IN_A_ROW} in order`,
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.askFor(...Array.from({ length: IN_A_ROW }, (_, index) => ({ size: index + 1 })));
      return ordered((await probe.take(IN_A_ROW)).map(({ bytes }) => bytes.length));
    },
  },
  {
    name: 'largest-event',
    area: 'sizes',
    behaviour: 'largest-event',
    rule: 'An event of 24 MiB is taken.',
    source: 'botocore, eventstream.py',
    expected: '24-mib',
    play: largestEvent,
  },
];

/**
 * The echo container takes messages of 16 MiB, so the largest is seen by its frame's header, and from another stream: the container
 * closes this one.
 */
async function largestEvent(endpoint: EndpointUnderTest): Promise<string> {
  if (await arrives(endpoint, EVENT_PAYLOAD_LIMIT_BYTES)) return '24-mib';
  let largest = 0;
  for (const length of [MEBIBYTE, MEBIBYTE + 1, 2 * MEBIBYTE, 4 * MEBIBYTE, 8 * MEBIBYTE, 16 * MEBIBYTE]) {
    if (!(await arrives(endpoint, length))) break;
    largest = length;
  }
  return largest === MEBIBYTE ? '1-mib' : `${largest} bytes, not twice as many`;
}

async function arrives(endpoint: EndpointUnderTest, length: number): Promise<boolean> {
  await using probe = await endpoint.open();
  // A refusal may come while it is still being sent.
  await probe.session.send(Buffer.alloc(length)).catch(() => undefined);
  await probe.session.closeInput().catch(() => undefined);
  await probe.end();
  await using other = await endpoint.open();
  const { session } = await other.report(probe.name);
  return session.frames.some(frame => frame.length === length);
}

function ordered(lengths: readonly number[]): string {
  const wrong = lengths.findIndex((length, index) => length !== index + 1);
  return wrong < 0 ? `${lengths.length} in order` : `out of order at ${wrong + 1}`;
}
