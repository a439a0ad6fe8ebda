import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ContainerExit, RunningContainer } from '../../../lib/contract';
import { Clock, type ContainerEngine, type LocalEvent, type SessionSummary } from '../../../lib/local';
import { startLocal } from '../support/local';
import { SignedStream } from '../support/signed-stream';

/** Runs the container inside the test, so that its two sockets can be watched. */
class InProcessEngine implements ContainerEngine {
  readonly name = 'in-process';
  readonly requests: IncomingMessage[] = [];
  /** When the container has sent its records. */
  readonly reported: Promise<void>;
  private readonly report: (sent: Promise<void>) => void;

  constructor(
    private readonly upgradeHeaders: Record<string, string>,
    private readonly onMetadata?: (socket: WebSocket) => Promise<void> | void,
  ) {
    let report!: (sent?: Promise<void>) => void;
    this.reported = new Promise(resolve => {
      report = resolve;
    });
    this.report = report;
    if (!onMetadata || Object.keys(upgradeHeaders).length === 0) report();
  }

  async start(): Promise<RunningContainer> {
    const server = createServer((_, response) => response.writeHead(200).end());
    const sockets = new WebSocketServer({ noServer: true });
    sockets.on('headers', (headers, request) => {
      if (isMetadata(request)) return;
      for (const [name, value] of Object.entries(this.upgradeHeaders)) headers.push(`${name}: ${value}`);
    });
    server.on('upgrade', (request, socket, head) => {
      this.requests.push(request);
      if (isMetadata(request) && !this.onMetadata) return socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return sockets.handleUpgrade(request, socket, head, webSocket => {
        if (isMetadata(request)) this.report(Promise.resolve(this.onMetadata?.(webSocket)));
        else webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    let end!: (exit: ContainerExit) => void;
    const exited = new Promise<ContainerExit>(resolve => {
      end = resolve;
    });
    const stop = (): Promise<ContainerExit> => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close(() => end({ code: 0, signal: null }));
      return exited;
    };
    const { port } = server.address() as { port: number };
    return { host: '127.0.0.1', port, exited, output: () => [], kill: () => void stop(), stop };
  }
}

function isMetadata({ url }: IncomingMessage): boolean {
  return url!.includes('metadata') || url!.includes('usage');
}

function record(ClientToken: string, ConsumedUnits: unknown = 1, Dimension: unknown = 'AudioSeconds'): string {
  return JSON.stringify({ Metering: { Dimension, ConsumedUnits, ClientToken } });
}

/** One session of one message, which ends when the container has sent its records. */
async function session(
  engine: InProcessEngine,
): Promise<{ stream: SignedStream; summary: SessionSummary | undefined }> {
  const events: LocalEvent[] = [];
  await using local = await startLocal({ engine, clock: new Clock(20), observe: event => events.push(event) });
  const stream = await SignedStream.open(local);
  if (Number((await stream.response)[':status']) !== 200) return { stream, summary: undefined };
  await stream.part('x');
  await stream.nth(1);
  await engine.reported;
  await stream.end();
  await stream.ended;
  const deadline = Date.now() + 5_000;
  for (;;) {
    const ended = events.find(event => event.type === 'session-ended');
    if (ended?.type === 'session-ended') return { stream, summary: ended.session };
    if (Date.now() > deadline) throw new Error('The session did not end.');
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

const SUPPORTED = { 'X-Amzn-SageMaker-Metadata-Stream-Supported': 'true' };
const REQUIRED = { 'X-Amzn-SageMaker-Metadata-Stream-Required': 'true' };
/** A second at 20 times, and a little more. */
const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 70));

/** Sends records in one piece, and waits until the platform has read them: only then does the second until the next one begin. */
async function report(socket: WebSocket, ...records: (string | Buffer)[]): Promise<void> {
  const { _socket: connection } = socket as unknown as { _socket: Socket };
  connection.cork();
  for (const frame of records) socket.send(frame);
  socket.ping();
  connection.uncork();
  await once(socket, 'pong');
}

test('without the offer, no second socket is opened', async () => {
  const engine = new InProcessEngine({}, () => {});
  const { summary } = await session(engine);
  expect(summary).toMatchObject({ metering: {}, droppedMeteringRecords: 0 });
  expect(engine.requests).toHaveLength(1);
});

test('records are counted by dimension, with the same request id on both sockets', async () => {
  const engine = new InProcessEngine(SUPPORTED, async socket => {
    await report(socket, record('1', 2.5));
    await pause();
    await report(socket, record('2', 3, 'Tokens'));
    await pause();
    await report(socket, record('3', 1.5));
  });
  const { summary } = await session(engine);
  expect(summary).toMatchObject({ metering: { AudioSeconds: 4, Tokens: 3 }, droppedMeteringRecords: 0 });
  const [stream, metadata] = engine.requests;
  expect(stream!.url).toBe('/invocations-bidirectional-stream');
  expect(metadata!.url).toBe('/invocations-bidirectional-stream-metadata');
  expect(metadata!.headers['x-amzn-sagemaker-request-id']).toBe(stream!.headers['x-amzn-sagemaker-request-id']);
  expect(metadata!.headers['x-amzn-sagemaker-request-id']).toBe(summary!.requestId);
});

test('the last record, sent when the platform closes, still counts', async () => {
  const engine = new InProcessEngine({ ...SUPPORTED, 'X-Amzn-SageMaker-Metadata-Invocation-Path': 'usage' }, socket => {
    const raw = (socket as unknown as { _receiver: NodeJS.EventEmitter })._receiver;
    raw.prependListener('conclude', () => socket.send(record('last', 7)));
  });
  const { summary } = await session(engine);
  expect(engine.requests[1]!.url).toBe('/usage');
  expect(summary!.metering).toEqual({ AudioSeconds: 7 });
});

test.each([
  ['binary', Buffer.from(record('1'))],
  ['no JSON', '{"Metering":'],
  ['no record', '{"Usage":1}'],
  ['null', 'null'],
  ['no token', JSON.stringify({ Metering: { Dimension: 'a', ConsumedUnits: 1 } })],
  ['units that are no number', record('1', '1')],
  ['negative units', record('1', -1)],
  ['a dimension that is no text', record('1', 1, 5)],
  ['more than 512 bytes', record('x'.repeat(512))],
])('a malformed record is dropped: %s', async (_, frame) => {
  const { summary } = await session(new InProcessEngine(SUPPORTED, socket => report(socket, frame)));
  expect(summary).toMatchObject({ outcome: 'ended', metering: {}, droppedMeteringRecords: 1 });
});

test('a record that comes too soon, and one that comes twice, is dropped', async () => {
  const engine = new InProcessEngine(SUPPORTED, async socket => {
    await report(socket, record('1'), record('2'));
    await pause();
    await report(socket, record('1'));
  });
  const { summary } = await session(engine);
  expect(summary).toMatchObject({ metering: { AudioSeconds: 1 }, droppedMeteringRecords: 2 });
});

test('an offer that leads nowhere costs the metering only', async () => {
  const { summary } = await session(new InProcessEngine(SUPPORTED));
  expect(summary).toMatchObject({ outcome: 'ended', metering: {} });
});

test('a required stream that cannot be opened fails the session', async () => {
  const { stream } = await session(new InProcessEngine(REQUIRED));
  expect((await stream.response)[':status']).toBe(424);
  stream.session.destroy();
});

test('a required stream that opens', async () => {
  const { summary } = await session(new InProcessEngine(REQUIRED, socket => report(socket, record('1', 2))));
  expect(summary!.metering).toEqual({ AudioSeconds: 2 });
});
