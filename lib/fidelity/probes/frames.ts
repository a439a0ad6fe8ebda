import { createHash } from 'node:crypto';
import { CompletionState, DataType } from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import type { Probe } from '../probe';
import { type ReceivedFrame, type ReceivedPart, WHOLE } from '../probe-session';

const GUIDE = 'developer guide, "Container contract to support bidirectional streaming capabilities"';
const API_MODEL = 'API model sagemaker-runtime-http2, 2025-10-01';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const TEXT = 'zürich, 東京, 𝄞';

/** How events become WebSocket frames, and frames events. */
export const FRAME_PROBES: readonly Probe[] = [
  {
    name: 'text-to-container',
    area: 'frames',
    rule: 'An event of the type UTF8 is one text frame.',
    source: GUIDE,
    expected: 'one text frame',
    play: endpoint => frameOf(endpoint, TEXT),
  },
  {
    name: 'binary-to-container',
    area: 'frames',
    rule: 'An event of the type BINARY is one binary frame.',
    source: GUIDE,
    expected: 'one binary frame',
    play: endpoint => frameOf(endpoint, ALL_BYTES),
  },
  {
    name: 'no-data-type',
    area: 'frames',
    rule: 'An event without a type is one binary frame, without a state a whole message.',
    source: API_MODEL,
    expected: 'one binary frame',
    play: async endpoint => {
      const { parts, end } = await endpoint.request({
        parts: [{ Bytes: ALL_BYTES }, { Bytes: Buffer.from('{"probe":"report"}'), DataType: DataType.UTF8 }],
      });
      const [report] = parts;
      return report ? firstFrame(JSON.parse(report.bytes.toString())) : end;
    },
  },
  {
    name: 'empty-to-container',
    area: 'frames',
    rule: 'An event without bytes is one frame without payload.',
    source: GUIDE,
    expected: 'one binary frame',
    play: endpoint => frameOf(endpoint, Buffer.alloc(0)),
  },
  {
    name: 'bytes-untouched',
    area: 'frames',
    rule: 'Payload is not touched: all 256 bytes arrive as they are, and come back so.',
    source: GUIDE,
    expected: 'both ways the same bytes',
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.session.send(ALL_BYTES);
      await probe.askFor({ opcode: 'binary', base64: ALL_BYTES.toString('base64') });
      const [back] = await probe.take(1);
      const { session } = await probe.report();
      const to = session.messages[0]?.sha256 === digest(ALL_BYTES);
      const from = back!.bytes.equals(ALL_BYTES);
      return to && from ? 'both ways the same bytes' : `the same bytes to the container: ${to}, from it: ${from}`;
    },
  },
  {
    name: 'frames-of-the-platform',
    area: 'frames',
    rule: 'Frames of the platform are masked and use no reserved bit.',
    source: 'RFC 6455, sections 5.1 and 5.2',
    expected: 'masked, no reserved bit',
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.session.send('one');
      const { session } = await probe.report();
      const masked = session.frames.every(frame => frame.masked);
      const reserved = session.frames.some(frame => frame.rsv !== 0);
      return `${masked ? 'masked' : 'not masked'}, ${reserved ? 'a reserved bit' : 'no reserved bit'}`;
    },
  },
  {
    name: 'text-from-container',
    area: 'frames',
    rule: 'A text frame is one event of the type UTF8.',
    source: GUIDE,
    expected: `${WHOLE.text}, the same bytes`,
    play: endpoint => partOf(endpoint, { text: TEXT }, Buffer.from(TEXT)),
  },
  {
    name: 'binary-from-container',
    area: 'frames',
    rule: 'A binary frame is one event of the type BINARY.',
    source: GUIDE,
    expected: `${WHOLE.binary}, the same bytes`,
    play: endpoint => partOf(endpoint, { opcode: 'binary', base64: ALL_BYTES.toString('base64') }, ALL_BYTES),
  },
  {
    name: 'empty-from-container',
    area: 'frames',
    rule: 'A frame without payload is one event without bytes.',
    source: GUIDE,
    expected: `${WHOLE.text}, the same bytes`,
    play: endpoint => partOf(endpoint, { text: '' }, Buffer.alloc(0)),
  },
  {
    name: 'utf8-split',
    area: 'frames',
    rule: 'Text may be split within a character: the container gets the whole message.',
    source: 'RFC 6455, section 5.6',
    expected: 'the whole message',
    play: async endpoint => {
      const bytes = Buffer.from(TEXT);
      const at = bytes.length - 2; // inside the last character, which has four bytes
      const { parts, end } = await endpoint.request({
        parts: [
          { Bytes: bytes.subarray(0, at), DataType: DataType.UTF8, CompletionState: CompletionState.PARTIAL },
          { Bytes: bytes.subarray(at), DataType: DataType.UTF8, CompletionState: CompletionState.COMPLETE },
          { Bytes: Buffer.from('{"probe":"report"}'), DataType: DataType.UTF8 },
        ],
      });
      const [report] = parts;
      if (!report) return end;
      const { session } = JSON.parse(report.bytes.toString()) as { session: { messages: { sha256: string }[] } };
      return session.messages[0]?.sha256 === digest(bytes) ? 'the whole message' : 'another message';
    },
  },
  {
    name: 'utf8-invalid',
    area: 'frames',
    rule: 'The bytes of an event of the type UTF8 are not checked by the platform: the container closes with 1007.',
    source: `${GUIDE}; RFC 6455, section 8.1`,
    expected: 'ModelStreamError 1007',
    play: async endpoint => {
      const parts = [{ Bytes: Buffer.from([0xc3, 0x28]), DataType: DataType.UTF8 }];
      return (await endpoint.request({ parts })).end;
    },
  },
  {
    name: 'fragments',
    area: 'frames',
    behaviour: 'fragments',
    rule: 'A message in parts reaches the other side in the same parts.',
    source: GUIDE,
    expected: 'passed',
    play: async endpoint => {
      const [to, from] = [await fragmentsTo(endpoint), await fragmentsFrom(endpoint)];
      return to === from ? to : `to the container ${to}, from it ${from}`;
    },
  },
];

async function frameOf(endpoint: EndpointUnderTest, message: string | Buffer): Promise<string> {
  await using probe = await endpoint.open();
  await probe.session.send(message);
  return firstFrame(await probe.report());
}

/** The frames before the one that asked for the report. */
function firstFrame({ session }: { session: { frames: readonly ReceivedFrame[] } }): string {
  const frames = dataFrames(session.frames).slice(0, -1);
  if (frames.length !== 1) return `${frames.length} frames`;
  const [{ opcode, fin }] = frames as [ReceivedFrame];
  return fin ? `one ${opcode} frame` : `one ${opcode} frame that does not end its message`;
}

function dataFrames(frames: readonly ReceivedFrame[]): ReceivedFrame[] {
  return frames.filter(({ opcode }) => ['text', 'binary', 'continuation'].includes(opcode));
}

async function partOf(endpoint: EndpointUnderTest, frame: object, bytes: Buffer): Promise<string> {
  await using probe = await endpoint.open();
  await probe.askFor(frame);
  const [part] = (await probe.take(1)) as [ReceivedPart];
  return `${part.kind}, ${part.bytes.equals(bytes) ? 'the same bytes' : 'other bytes'}`;
}

async function fragmentsTo(endpoint: EndpointUnderTest): Promise<string> {
  await using probe = await endpoint.open();
  await probe.session.sendFragment(Buffer.from('one '), { final: false });
  await probe.session.sendFragment(Buffer.from('two '), { final: false });
  await probe.session.sendFragment(Buffer.from('three'), { final: true });
  const { session } = await probe.report();
  const frames = dataFrames(session.frames).slice(0, -1);
  return namedFragments(frames.map(({ opcode, fin, length }) => `${opcode} ${fin} ${length}`).join(), {
    passed: 'binary false 4,continuation false 4,continuation true 5',
    reassembled: 'binary true 13',
  });
}

async function fragmentsFrom(endpoint: EndpointUnderTest): Promise<string> {
  await using probe = await endpoint.open();
  await probe.askFor({ text: 'one ', fin: false }, { text: 'two ', fin: false }, { text: 'three' }, { text: 'end' });
  const parts: string[] = [];
  for (;;) {
    const part = await probe.next();
    if (!part || part.bytes.equals(Buffer.from('end'))) break;
    parts.push(`${part.kind} ${part.bytes.length}`);
  }
  return namedFragments(parts.join(), {
    passed: 'UTF8 PARTIAL 4,UTF8 PARTIAL 4,UTF8 COMPLETE 5',
    reassembled: 'UTF8 COMPLETE 13',
  });
}

function namedFragments(seen: string, known: Readonly<Record<string, string>>): string {
  return Object.keys(known).find(name => known[name] === seen) ?? seen;
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
