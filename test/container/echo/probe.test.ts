import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { closeReason, isSendableCloseCode } from '../../../container/echo/src/probe/close-reason';
import { FrameLog } from '../../../container/echo/src/probe/frame-log';
import { ContainerProcess } from '../container-process';

// biome-ignore lint/suspicious/noExplicitAny: a report is compared, not used
type Json = any;

let container: ContainerProcess & { port: number };

beforeAll(async () => {
  container = await ContainerProcess.start('echo', { SECRET_OF_THE_TEST: 'do not tell' });
});
afterAll(() => container[Symbol.asyncDispose]());

async function open(query = '', headers: Record<string, string> = {}) {
  const webSocket = new WebSocket(`ws://127.0.0.1:${container.port}/probe${query}`, { headers });
  await once(webSocket, 'open');
  const answer = async (command: object): Promise<Json> => {
    webSocket.send(JSON.stringify(command));
    const [data] = (await once(webSocket, 'message')) as [Buffer];
    return JSON.parse(data.toString());
  };
  return { webSocket, answer, [Symbol.asyncDispose]: async () => webSocket.terminate() };
}

test('reports frames, messages, headers and how the container was started, and no secret', async () => {
  await using probe = await open('?session=one', { Authorization: 'Bearer hush', 'X-Amzn-Trace': 'visible' });
  probe.webSocket.send('a', { fin: false });
  probe.webSocket.send('b', { fin: true });
  probe.webSocket.send(Buffer.alloc(70_000));
  probe.webSocket.ping('x');
  const { session, process: started } = await probe.answer({ probe: 'report' });
  expect(session.frames.map(({ opcode, fin, length }: Json) => [opcode, fin, length])).toEqual([
    ['text', false, 1],
    ['continuation', true, 1],
    ['binary', true, 70_000],
    ['ping', true, 1],
    ['text', true, 18],
  ]);
  expect(session.frames.every(({ masked, rsv, at }: Json) => masked && rsv === 0 && at >= 0)).toBe(true);
  expect(session.messages.map(({ type, length }: Json) => [type, length])).toEqual([
    ['text', 2],
    ['binary', 70_000],
    ['text', 18],
  ]);
  expect(session.request).toMatchObject({ method: 'GET', target: '/probe?session=one', httpVersion: '1.1' });
  expect(session.request.headers).toContainEqual(['X-Amzn-Trace', 'visible']);
  expect(session.request.headers).toContainEqual(['Authorization', '(concealed)']);
  expect(started).toMatchObject({ arguments: ['serve'], signals: [], node: process.version });
  expect(started.environment).toContain('SECRET_OF_THE_TEST');
  expect(JSON.stringify([session, started])).not.toMatch(/hush|do not tell/);
});

test('sends the frames that it is told to', async () => {
  await using probe = await open();
  const frames = [
    { opcode: 'text', fin: false, text: 'ab' },
    { opcode: 'text', fin: true, text: 'c' },
    { opcode: 'binary', base64: 'AAE=' },
    { opcode: 'binary', size: 300_000 },
  ];
  const received: Buffer[] = [];
  probe.webSocket.on('message', (data: Buffer) => received.push(data));
  probe.webSocket.send(JSON.stringify({ probe: 'send', frames }));
  while (received.length < 3) await once(probe.webSocket, 'message');
  expect(received.map(data => data.length)).toEqual([3, 2, 300_000]);
});

test('remembers how an ended session ended', async () => {
  const ended = await open('?session=ended');
  ended.webSocket.close(3456, 'enough');
  await once(ended.webSocket, 'close');
  await using probe = await open();
  const { session } = await probe.answer({ probe: 'report', session: 'ended' });
  expect(session.closed).toMatchObject({ code: 3456, reason: 'enough' });
  expect(session.frames.at(-1)).toMatchObject({ opcode: 'close', length: 8 });
});

test('closes and cuts when it is told to', async () => {
  const one = await open();
  one.webSocket.send('{"probe":"close","code":4001,"reason":"told"}');
  expect((await once(one.webSocket, 'close')).map(String)).toEqual(['4001', 'told']);
  const other = await open();
  other.webSocket.send('{"probe":"cut"}');
  expect((await once(other.webSocket, 'close'))[0]).toBe(1006);
});

test('answers no ping while it is told not to', async () => {
  await using probe = await open();
  let pongs = 0;
  probe.webSocket.on('pong', () => {
    pongs += 1;
  });
  probe.webSocket.send('{"probe":"pongs","answer":false}');
  probe.webSocket.ping();
  await probe.answer({ probe: 'report' });
  expect(pongs).toBe(0);
  probe.webSocket.send('{"probe":"pongs","answer":true}');
  probe.webSocket.ping();
  await once(probe.webSocket, 'pong');
});

test('measures the round trip of its own pings', async () => {
  await using probe = await open();
  const pinged = once(probe.webSocket, 'ping');
  probe.webSocket.send('{"probe":"ping","data":"p"}');
  expect(String((await pinged)[0])).toBe('p');
  const { session } = await probe.answer({ probe: 'report' });
  expect(session.pongs).toEqual([{ at: expect.any(Number), roundTripMs: expect.any(Number) }]);
});

test.each([
  ['{"probe":"dance"}', /no command "dance"/],
  ['{"probe":"close","code":1006}', /cannot send the code 1006/],
  ['{"probe":"send"}', /needs an array/],
  ['{"probe":"send","frames":[{"opcode":"ping"}]}', /text or binary/],
  ['{"probe":"send","frames":[{"size":1e12}]}', /size is from 0/],
  ['{"probe":', /JSON/],
  ['{"probe":"report","session":"none"}', /no session "none"/],
])('%s is an error', async (text, message) => {
  await using probe = await open();
  probe.webSocket.send(text);
  const [data] = (await once(probe.webSocket, 'message')) as [Buffer];
  expect(JSON.parse(data.toString())).toEqual({ probe: 'error', message: expect.stringMatching(message) });
});

test('refuses or delays an upgrade as the query asks', async () => {
  const refused = new WebSocket(`ws://127.0.0.1:${container.port}/probe?status=418`);
  refused.on('error', () => {});
  expect(((await once(refused, 'unexpected-response')) as [unknown, Json])[1].statusCode).toBe(418);
  const startedAt = performance.now();
  await using _late = await open('?accept_delay_ms=120');
  expect(performance.now() - startedAt).toBeGreaterThan(110);
});

test('tells open sessions of a signal', async () => {
  await using stopping = await ContainerProcess.start('echo');
  const webSocket = new WebSocket(`ws://127.0.0.1:${stopping.port}/probe`);
  await once(webSocket, 'open');
  const told = once(webSocket, 'message');
  stopping.process.kill('SIGTERM');
  expect(JSON.parse(String((await told)[0]))).toMatchObject({ probe: 'signal', signal: 'SIGTERM' });
  webSocket.close(1000);
  await stopping.exited;
});

test('is not there when it is off', async () => {
  await using without = await ContainerProcess.start('echo', { ECHO_PROBE: 'off' });
  const socket = connect(without.port, '127.0.0.1');
  socket.write('GET /probe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1.1 404/);
  socket.destroy();
});

test('the frame log reads frames however the connection’s bytes are cut, and keeps 2,000', () => {
  const bytes = Buffer.concat(
    Array.from({ length: 2_100 }, (_, index) => {
      const length = index % 3 === 0 ? 5 : index % 3 === 1 ? 200 : 66_000;
      const size =
        length < 126
          ? [0x80 | length]
          : length < 65_536
            ? [0xfe, length >> 8, length & 255]
            : [0xff, 0, 0, 0, 0, 0, 1, 1, 208];
      return Buffer.concat([Buffer.from([0x82, ...size, 1, 2, 3, 4]), Buffer.alloc(length)]);
    }),
  );
  for (const cut of [1_000, 65_536, 7_919]) {
    const log = new FrameLog(() => 0);
    for (let at = 0; at < bytes.length; at += cut) log.receive(bytes.subarray(at, at + cut));
    expect(log.frames).toHaveLength(2_000);
    expect(log.dropped).toBe(100);
    expect(log.frames.slice(0, 3).map(({ length }) => length)).toEqual([5, 200, 66_000]);
  }
});

describe('close frames', () => {
  test.each([
    ['short', 'short'],
    ['line\nbreak\u0007', 'line break '],
    ['x'.repeat(200), 'x'.repeat(123)],
    ['ü'.repeat(100), 'ü'.repeat(61)],
    ['😀'.repeat(40), '😀'.repeat(30)],
  ])('the reason %j fits', (text, reason) => {
    expect(closeReason(text)).toBe(reason);
    expect(Buffer.byteLength(closeReason(text))).toBeLessThanOrEqual(123);
  });

  test.each([1000, 1001, 1011, 1014, 3000, 4999])('%i may be sent', code => {
    expect(isSendableCloseCode(code)).toBe(true);
  });

  test.each([999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, '1000', undefined])('%p may not', code => {
    expect(isSendableCloseCode(code)).toBe(false);
  });
});
