import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { Clock, type LocalEvent, type LocalSageMaker, type SessionSummary } from '../../../lib/local';
import { scriptedEndpoint, startLocal } from '../support/local';
import { type ResponseEvent, SignedStream, type SignedStreamOptions } from '../support/signed-stream';

const events: LocalEvent[] = [];
let local: LocalSageMaker;

beforeAll(async () => {
  local = await startLocal({ observe: event => events.push(event) });
});
afterAll(async () => {
  await local.close();
});

function open(query: string, options: SignedStreamOptions = {}): Promise<SignedStream> {
  return SignedStream.open(local, {
    ...options,
    headers: { 'x-amzn-sagemaker-model-query-string': query, ...options.headers },
  });
}

interface WireFrame {
  opcode: number;
  fin: boolean;
  masked: boolean;
  payload: string;
}

function json<T>(event: ResponseEvent | undefined): T {
  return JSON.parse(event!.body.toString()) as T;
}

function exceptionOf(received: readonly ResponseEvent[]): unknown {
  const { headers, body } = received.at(-1)!;
  return {
    type: headers[':message-type'],
    name: headers[':exception-type'] ?? headers[':error-code'],
    ...(body.length > 0 ? (JSON.parse(body.toString()) as object) : { message: headers[':error-message'] }),
  };
}

function summaryOf(response: IncomingHttpHeaders): SessionSummary | undefined {
  return events
    .flatMap(event => (event.type === 'session-ended' ? [event.session] : []))
    .find(session => session.requestId === response['x-amzn-requestid']);
}

async function until<T>(value: () => T | undefined): Promise<T> {
  for (;;) {
    const found = value();
    if (found !== undefined) return found;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

describe('one event, one frame', () => {
  test('towards the container: type, fragmentation and bytes, masked, never merged, never split', async () => {
    const stream = await open('act=frames');
    const large = randomBytes(3 << 20);
    const parts: [Uint8Array | string, Record<string, string>, number, boolean][] = [
      ['', {}, 2, true],
      ['a', { DataType: 'UTF8' }, 1, true],
      [randomBytes(125), { DataType: 'BINARY' }, 2, true],
      [randomBytes(126), {}, 2, true],
      [randomBytes(65_535), {}, 2, true],
      [randomBytes(65_536), {}, 2, true],
      [large, {}, 2, true],
      // UTF-8 cut in the middle of a character
      [Buffer.from([0xe2, 0x82]), { DataType: 'UTF8', CompletionState: 'PARTIAL' }, 1, false],
      [Buffer.from([]), { DataType: 'UTF8', CompletionState: 'PARTIAL' }, 0, false],
      [Buffer.from([0xac]), { DataType: 'UTF8', CompletionState: 'COMPLETE' }, 0, true],
      ['after', { DataType: 'UTF8' }, 1, true],
    ];
    for (const [payload, headers] of parts) await stream.part(payload, headers);
    await stream.nth(parts.length);
    await stream.end();
    const received = await stream.ended;
    expect(received.slice(0, parts.length).map(event => json<WireFrame>(event))).toEqual(
      parts.map(([payload, , opcode, fin]) => ({
        opcode,
        fin,
        masked: true,
        payload: Buffer.from(payload as Uint8Array).toString('base64'),
      })),
    );
    expect(json(received[parts.length])).toEqual({ closed: 1000 });
    expect(received).toHaveLength(parts.length + 1);
  });

  test('towards the client: type, fragmentation and bytes, with control frames inside a fragmented message', async () => {
    const frames = [
      '8100', // empty text
      '8201ff', // one byte
      `827e0100${'aa'.repeat(256)}`, // 16-bit length
      '0102e282', // text, not final, in the middle of a character
      '890470696e67', // ping
      '8a00', // pong that nobody asked for
      '0000', // empty continuation
      '8001ac', // the rest
      '820162',
    ];
    const stream = await open(`act=raw&hex=${frames.join('')}`);
    await stream.part('go');
    await stream.nth(7);
    expect(
      stream.events.map(({ headers, body }) => [headers.DataType, headers.CompletionState, body.toString('hex')]),
    ).toEqual([
      ['UTF8', 'COMPLETE', ''],
      ['BINARY', 'COMPLETE', 'ff'],
      ['BINARY', 'COMPLETE', 'aa'.repeat(256)],
      ['UTF8', 'PARTIAL', 'e282'],
      ['UTF8', 'PARTIAL', ''],
      ['UTF8', 'COMPLETE', 'ac'],
      ['BINARY', 'COMPLETE', '62'],
    ]);
    stream.stream.close();
  });

  test('a thousand messages of many sizes come back in order, byte for byte', async () => {
    const stream = await open('act=echo');
    const payloads = Array.from({ length: 1_000 }, (_, index) => randomBytes((index * index) % 5_000));
    for (const payload of payloads) await stream.part(payload);
    await stream.nth(payloads.length);
    expect(Buffer.concat(stream.events.map(({ body }) => body)).equals(Buffer.concat(payloads))).toBe(true);
    expect(stream.events.map(({ body }) => body.length)).toEqual(payloads.map(({ length }) => length));
    await stream.end();
    await stream.ended;
  });

  test('frames that came before the client could listen are not lost', async () => {
    const stream = await open('act=raw&now=1&hex=8201618201628201638202');
    await stream.nth(3);
    expect(stream.events.map(({ body }) => body.toString()).join('')).toBe('abc');
    stream.stream.close();
  });
});

describe('the container’s URL', () => {
  test('path and query as the headers have them', async () => {
    const stream = await open('act=headers&model=nova-3&q=a%20b', {
      headers: { 'x-amzn-sagemaker-model-invocation-path': 'v1/listen' },
    });
    await stream.part('x');
    const { url, headers } = json<{ url: string; headers: Record<string, string> }>(await stream.nth(1));
    expect(url).toBe('/v1/listen?act=headers&model=nova-3&q=a%20b');
    expect(headers['x-amzn-sagemaker-request-id']).toBe((await stream.response)['x-amzn-requestid']);
    expect(headers['sec-websocket-extensions']).toBeUndefined();
    await stream.end();
    await stream.ended;
  });

  test('the default path', async () => {
    const stream = await open('act=headers');
    await stream.part('x');
    expect(json<{ url: string }>(await stream.nth(1)).url).toBe('/invocations-bidirectional-stream?act=headers');
    stream.stream.close();
  });
});

describe('ends', () => {
  test('the client’s end closes the WebSocket with 1000 and the response ends in order', async () => {
    const stream = await open('act=echo');
    await stream.part('last');
    await stream.end();
    expect((await stream.ended).map(({ body }) => body.toString())).toEqual(['last']);
    const response = await stream.response;
    expect(await until(() => summaryOf(response))).toMatchObject({
      outcome: 'ended',
      received: { events: 1, bytes: 4 },
      sent: { events: 1, bytes: 4 },
    });
  });

  test('what the container says after the client’s end is still heard', async () => {
    const stream = await open('act=close-late&code=1000');
    await stream.end();
    expect((await stream.ended).map(({ body }) => body.toString())).toEqual(['last words']);
  });

  test('the signed end is enough: the HTTP/2 request may stay open', async () => {
    const stream = await open('act=echo');
    await stream.envelope(new Uint8Array(0));
    expect(await stream.ended).toEqual([]);
  });

  test('the end of the HTTP/2 request without a signed end counts as one', async () => {
    const stream = await open('act=echo');
    await stream.part('x');
    stream.stream.end();
    expect((await stream.ended).map(({ body }) => body.toString())).toEqual(['x']);
  });

  test.each([
    ['act=close&code=1001', '1001', 'The model container closed the WebSocket with code 1001'],
    ['act=close&code=1011&reason=boom', '1011', 'The model container closed the WebSocket with code 1011: boom'],
    ['act=close&code=4321&reason=mine', '4321', 'The model container closed the WebSocket with code 4321: mine'],
    ['act=close', '1005', 'The model container closed the WebSocket with code 1005'],
  ])('a close frame before the client’s end is a ModelStreamError: %s', async (query, ErrorCode, Message) => {
    const stream = await open(query);
    await stream.part('x');
    expect(exceptionOf(await stream.ended)).toEqual({
      type: 'exception',
      name: 'ModelStreamError',
      ErrorCode,
      Message,
    });
  });

  test('the container’s 1000 before the client’s end ends the response in order', async () => {
    const stream = await open('act=close&code=1000');
    await stream.part('x');
    expect(await stream.ended).toEqual([]);
    const response = await stream.response;
    expect(await until(() => summaryOf(response))).toMatchObject({ outcome: 'ended' });
  });

  test('a close code other than the orderly one is an error after the client’s end, too', async () => {
    const stream = await open('act=close-late&code=1011');
    await stream.end();
    const received = await stream.ended;
    expect(received[0]!.body.toString()).toBe('last words');
    expect(exceptionOf(received)).toMatchObject({ name: 'ModelStreamError', ErrorCode: '1011' });
  });

  test('a container that says much and is gone is heard out', async () => {
    const stream = await open('act=hangup');
    await stream.part('words');
    const received = await stream.ended;
    expect(received).toHaveLength(51);
    expect(exceptionOf(received)).toMatchObject({ name: 'ModelStreamError', ErrorCode: 'StreamBroken' });
  });

  test('the structured error frame', async () => {
    const stream = await open('act=error-frame');
    await stream.part('x');
    expect(exceptionOf(await stream.ended)).toEqual({
      type: 'exception',
      name: 'ModelStreamError',
      ErrorCode: 'OVERLOADED',
      Message: 'try later',
    });
  });

  test.each([
    ['{"ModelStreamError":{"ErrorCode":"X"},"more":1}'],
    ['{"ModelStreamError":"text"}'],
    ['{"ModelStreamError":'],
    ['["ModelStreamError"]'],
  ])('text that only looks like one is text: %s', async text => {
    const stream = await open('act=echo');
    await stream.part(text, { DataType: 'UTF8' });
    expect((await stream.nth(1)).body.toString()).toBe(text);
    stream.stream.close();
  });

  test('a client that vanishes leaves no WebSocket behind', async () => {
    const stream = await open('act=echo');
    await stream.part('x');
    await stream.nth(1);
    stream.session.destroy();
    expect((await until(() => events.findLast(event => event.type === 'session-ended'))).type).toBe('session-ended');
    const response = await stream.response;
    expect(await until(() => summaryOf(response))).toMatchObject({ outcome: 'aborted' });
    await until(() => (local.openSessions === 0 ? true : undefined));
  });
});

describe('what breaks the protocol', () => {
  test.each([
    ['8000', 'A continuation frame came without a message to continue.'],
    ['0100' + '8100', 'A new message began inside a fragmented one.'],
    ['8300', 'A frame came with the reserved opcode 3.'],
  ])('frames %s', async (hex, Message) => {
    const stream = await open(`act=raw&hex=${hex}`);
    await stream.part('go');
    expect(exceptionOf(await stream.ended)).toMatchObject({
      name: 'ModelStreamError',
      ErrorCode: 'StreamBroken',
      Message,
    });
  });

  test('a reserved bit', async () => {
    const stream = await open('act=raw&hex=c100');
    await stream.part('go');
    expect(exceptionOf(await stream.ended)).toMatchObject({ name: 'ModelStreamError' });
  });

  test.each([
    ['bytes that are no event stream', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'SerializationException'],
    ['an event that never ends', Buffer.from('0000ffff00000000', 'hex'), 'SerializationException'],
  ])('%s', async (_, bytes, name) => {
    const stream = await open('act=echo');
    stream.stream.end(bytes);
    expect(exceptionOf(await stream.ended)).toMatchObject({ type: 'error', name });
  });

  test('a stream cut in the middle of an event', async () => {
    const stream = await open('act=echo');
    const bytes = await stream.sign(Buffer.alloc(100));
    stream.stream.end(bytes.subarray(0, 50));
    expect(exceptionOf(await stream.ended)).toMatchObject({
      name: 'SerializationException',
      message: 'The request ended in the middle of an event.',
    });
  });

  test('an event that the model does not know', async () => {
    const stream = await open('act=echo');
    await stream.part('x', { ':event-type': 'AudioEvent' });
    expect(exceptionOf(await stream.ended)).toMatchObject({ type: 'error', name: 'ValidationException' });
  });

  test('a payload over the limit is refused by its length, before it is read', async () => {
    const stream = await open('act=echo');
    const { crc32 } = await import('node:zlib');
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(64 << 20, 0);
    prelude.writeUInt32BE(32, 4);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    stream.stream.write(prelude);
    expect(exceptionOf(await stream.ended)).toMatchObject({ type: 'error', name: 'ValidationException' });
  });

  test('an event after the end of the input', async () => {
    const stream = await open('act=stubborn');
    await stream.envelope(new Uint8Array(0));
    await stream.part('too late');
    expect(exceptionOf(await stream.ended)).toMatchObject({ name: 'SerializationException' });
  });
});

test('a session that is over leaves no timer', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
  const before = timers();
  for (let count = 0; count < 20; count += 1) {
    const stream = await open('act=echo');
    await stream.part('x');
    await stream.end();
    await stream.ended;
  }
  // A session's own timers would tick on for half an hour; those that wait for the ends of sockets go in a second.
  for (let tries = 0; tries < 200 && timers() > before + 5; tries += 1)
    await new Promise(resolve => setTimeout(resolve, 20));
  expect(timers()).toBeLessThanOrEqual(before + 5);
});

describe('clocks', () => {
  let fast: LocalSageMaker;
  beforeAll(async () => {
    fast = await startLocal({ endpoints: [scriptedEndpoint()], clock: Clock.parse('1500x') });
  });
  afterAll(() => fast.close());
  const openFast = (query: string): Promise<SignedStream> =>
    SignedStream.open(fast, { headers: { 'x-amzn-sagemaker-model-query-string': query } });

  test('a container that answers pings lives on to the 30-minute cap', async () => {
    const began = performance.now();
    const stream = await openFast('act=echo');
    await stream.part('x');
    expect(exceptionOf(await stream.ended)).toMatchObject({
      name: 'ModelStreamError',
      ErrorCode: 'ModelInvocationTimeExceeded',
    });
    // Thirty minutes at 1500 times: 1.2 s.
    expect(performance.now() - began).toBeGreaterThan(1_100);
  });

  test('five pings in a row without an answer end the stream', async () => {
    const began = performance.now();
    const stream = await openFast('act=silent');
    await stream.part('x');
    expect(exceptionOf(await stream.ended)).toMatchObject({
      ErrorCode: 'StreamBroken',
      Message: 'The model container left 5 pings in a row unanswered.',
    });
    // Six minutes at 1500 times: 240 ms.
    expect(performance.now() - began).toBeGreaterThan(220);
  });

  test('the pings of a stream end with it', async () => {
    const timers: NodeJS.Timeout[] = [];
    const setInterval = Clock.prototype.setInterval;
    const spy = jest.spyOn(Clock.prototype, 'setInterval').mockImplementation(function (this: Clock, ...words) {
      const timer = setInterval.apply(this, words);
      timers.push(timer);
      return timer;
    });
    const stream = await openFast('act=echo');
    await stream.response;
    spy.mockRestore();
    expect(timers).toHaveLength(1);
    await stream.end();
    await stream.ended;
    // Node.js marks a timer that is cleared; there is no public way to ask.
    expect(timers[0]).toHaveProperty('_destroyed', true);
  });

  test('the container’s pings are answered', async () => {
    const stream = await open('act=ping');
    await stream.part('x');
    expect((await stream.nth(1)).body.toString()).toBe('pong are you there');
    stream.stream.close();
  });
});
