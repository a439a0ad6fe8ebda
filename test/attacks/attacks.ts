/**
 * `npm run test:attacks [-- WORDS OF A NAME]`: what a hostile container, caller or server can grow, each attack at full size against a
 * process of its own. Prints how much its resident memory rose above what it took before, and fails where that is over the bound.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, createServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { LocalSageMaker } from '../../lib/local';
import { encodePayloadPart } from '../../lib/local/stream/response-event';
import { SignedStream } from '../local/support/signed-stream';

const MIB = 1 << 20;

/** How long a flood lasts that is not ended by the other side, in milliseconds. */
const FLOOD_MS = 10_000;

const BIDI = '/endpoints/echo/invocations-bidirectional-stream';

type Local = Pick<LocalSageMaker, 'url' | 'region' | 'credentials'>;

interface Attack {
  readonly name: string;
  /** Most that resident memory may rise, in MiB. */
  readonly boundMiB: number;
  /** Returns what came of it, in words. */
  readonly onLocal?: (local: Local) => Promise<string>;
  /** What the server sends that a client streams to. */
  readonly asServer?: (stream: ServerHttp2Stream) => void;
}

const ATTACKS: readonly Attack[] = [
  { name: '40 unsigned bodies of 25 MiB at once', boundMiB: 128, onLocal: unsignedBodies },
  { name: 'an answer without end to a plain invocation', boundMiB: 160, onLocal: endlessAnswer },
  { name: 'pings of a container whose pongs are not read', boundMiB: 128, onLocal: local => hold(local, 'pings') },
  {
    name: 'empty continuation frames to a client that does not read',
    boundMiB: 128,
    onLocal: local => hold(local, 'empty'),
  },
  { name: '20,000 rapid resets', boundMiB: 128, onLocal: rapidResets },
  { name: '10,000 streams on one connection', boundMiB: 256, onLocal: manyStreams },
  {
    name: 'SETTINGS flood',
    boundMiB: 128,
    onLocal: local => flood(local, () => frame(4, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))),
  },
  {
    name: 'PING flood over HTTP/2',
    boundMiB: 128,
    onLocal: local => flood(local, () => frame(6, 0, 0, Buffer.alloc(8))),
  },
  { name: 'CONTINUATION flood', boundMiB: 128, onLocal: continuations },
  { name: 'HPACK bomb', boundMiB: 128, onLocal: local => flood(local, hpackBomb) },
  { name: '1,500 sessions whose container dies', boundMiB: 400, onLocal: dyingContainer },
  {
    name: 'a client whose server claims an event of 4 GiB',
    boundMiB: 64,
    asServer: stream => {
      stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
      stream.write(Buffer.alloc(4, 0xff));
      pour(stream, Buffer.alloc(256 * 1024));
    },
  },
  {
    name: 'a client whose server sends an error without end',
    boundMiB: 64,
    asServer: stream => {
      stream.respond({ ':status': 400, 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationException' });
      pour(stream, Buffer.alloc(256 * 1024, 'x'));
    },
  },
  {
    name: 'a client whose server sends empty fragments without end',
    boundMiB: 64,
    asServer: stream => {
      stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
      const event = encodePayloadPart('BINARY', 'PARTIAL', Buffer.alloc(0));
      pour(stream, Buffer.concat(Array.from({ length: 1_000 }, () => event)));
    },
  },
];

async function main(): Promise<void> {
  const wanted = process.argv.slice(2).join(' ');
  const faults: string[] = [];
  for (const attack of ATTACKS.filter(({ name }) => name.includes(wanted))) {
    const { grown, outcome } = await (attack.onLocal ? attackLocal(attack.onLocal) : attackClient(attack.asServer!));
    const mebibytes = Math.round(grown / MIB);
    console.log(`${String(mebibytes).padStart(4)} of ${attack.boundMiB} MiB  ${attack.name}: ${outcome}`);
    if (mebibytes > attack.boundMiB) faults.push(attack.name);
  }
  if (faults.length > 0) throw new Error(`Over the bound: ${faults.join(', ')}.`);
}

async function attackLocal(run: (local: Local) => Promise<string>) {
  const child = start('local');
  try {
    const local = await answer<Local>(child);
    await probe(local); // what is made once is made
    const before = await ask(child, 'settle');
    const outcome = await run(local);
    const grown = (await ask(child, 'peak')) - before;
    return { grown, outcome: `${outcome}; ${await probe(local)}` };
  } finally {
    await stop(child);
  }
}

async function attackClient(asServer: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  server.on('sessionError', () => {});
  server.on('stream', stream => {
    stream.on('error', () => {});
    asServer(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = start('client', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await answer(child);
    const before = await ask(child, 'settle');
    child.send('open');
    const { outcome } = await answer<{ outcome: string }>(child);
    return { grown: (await ask(child, 'peak')) - before, outcome };
  } finally {
    await stop(child);
    server.close();
  }
}

function start(...words: string[]): ChildProcess {
  return fork(require.resolve('./target.ts'), words, { execArgv: ['--expose-gc', '--require', 'esbuild-register'] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}

async function ask(child: ChildProcess, question: 'settle' | 'peak'): Promise<number> {
  child.send(question);
  return (await answer<{ resident: number }>(child)).resident;
}

async function answer<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`What was attacked ended with exit code ${code}.`);
  });
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return message;
}

/** Whether it goes on serving. */
async function probe(local: Local): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt += 1, await delay(100)) {
    const stream = await SignedStream.open(local as LocalSageMaker);
    const status = await stream.response.then(
      headers => headers[':status'],
      () => 0,
    );
    stream.session.destroy();
    if (status === 200) return 'serves on';
  }
  throw new Error('It does not serve any more.');
}

function pour(writable: ServerHttp2Stream, piece: Buffer): void {
  const write = (): void => {
    while (!writable.destroyed && writable.write(piece));
  };
  writable.on('drain', write);
  write();
}

async function unsignedBodies({ url }: Local): Promise<string> {
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
      socket.write(
        `POST /endpoints/echo/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${25 * MIB}\r\n\r\n`,
      );
      const status = once(socket, 'data').then(([head]) => String(head).slice(9, 12));
      for (let sent = 0; sent < 25 && !socket.destroyed; sent += 1) {
        if (!socket.write(Buffer.alloc(MIB))) await drained(socket);
      }
      socket.destroy();
      return status;
    }),
  );
  return [...new Set(statuses)].join(', ');
}

async function endlessAnswer({ url, region, credentials }: Local): Promise<string> {
  const client = new SageMakerRuntimeClient({ endpoint: url, region, credentials, maxAttempts: 1 });
  const outcome = await client.send(new InvokeEndpointCommand({ EndpointName: 'echo', Body: 'x' })).then(
    () => 'answered',
    (error: Error) => error.name,
  );
  client.destroy();
  return outcome;
}

async function hold(local: Local, path: string): Promise<string> {
  const stream = await SignedStream.open(local as LocalSageMaker, {
    headers: { 'x-amzn-sagemaker-model-invocation-path': path },
  });
  stream.stream.pause();
  await stream.response;
  await delay(FLOOD_MS);
  stream.session.destroy();
  return `${FLOOD_MS / 1_000} s`;
}

async function rapidResets({ url }: Local): Promise<string> {
  let connections = 0;
  for (let sent = 0; sent < 20_000; connections += 1) {
    const session = connectHttp2(url).on('error', () => {});
    await once(session, 'connect');
    while (sent < 20_000 && !session.closed && !session.destroyed) {
      for (let batch = 0; batch < 100 && !session.closed && !session.destroyed; batch += 1, sent += 1) {
        const stream = session.request({ ':method': 'POST', ':path': BIDI }).on('error', () => {});
        stream.close(8);
      }
      await new Promise(setImmediate);
    }
    session.destroy();
  }
  return `${connections} connections`;
}

async function manyStreams({ url }: Local): Promise<string> {
  const session = connectHttp2(url, { maxSessionMemory: 1_000 }).on('error', () => {});
  session.setMaxListeners(0);
  const statuses = await Promise.all(
    Array.from({ length: 10_000 }, async () => {
      const stream = session.request({ ':method': 'POST', ':path': BIDI }).on('error', () => {});
      const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
      return headers[':status'];
    }),
  );
  session.destroy();
  return [...new Set(statuses)].join(', ');
}

/** Resolves when more can be written, when the connection is gone, or after a while. */
function drained(socket: Socket, timeoutMs = FLOOD_MS): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(deadline);
      socket.off('drain', done).off('close', done);
      resolve();
    };
    const deadline = setTimeout(done, timeoutMs);
    socket.once('drain', done).once('close', done);
  });
}

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Sends frames and reads nothing, until the other side ends the connection or for a while. */
async function flood({ url }: Local, next: (count: number) => Buffer): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))]));
  const until = Date.now() + FLOOD_MS;
  let count = 0;
  while (Date.now() < until && !socket.destroyed) {
    const batch = Array.from({ length: 200 }, () => next(count++));
    if (socket.write(Buffer.concat(batch))) await new Promise(setImmediate);
    else await drained(socket, until - Date.now());
  }
  const outcome = socket.destroyed ? 'cut off' : `${FLOOD_MS / 1_000} s`;
  socket.destroy();
  return `${count} frames, ${outcome}`;
}

/** Headers of one stream that never end. */
function continuations(local: Local): Promise<string> {
  const headers = Buffer.concat([Buffer.from([0x00, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'a')]);
  return flood(local, count => frame(count === 0 ? 1 : 9, 0, 1, headers));
}

/** A header of 4,000 bytes that is indexed once and then named 15,000 times more (RFC 7541, section 7.3). */
function hpackBomb(count: number): Buffer {
  const indexed = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 'a')]);
  const block = Buffer.concat([indexed, Buffer.alloc(11_000, 0xbe)]);
  return frame(1, 5, 1 + 2 * count, block);
}

async function dyingContainer(local: Local): Promise<string> {
  const streams: SignedStream[] = [];
  while (streams.length < 1_500) {
    const opened = await Promise.all(Array.from({ length: 50 }, () => SignedStream.open(local as LocalSageMaker)));
    await Promise.all(opened.map(({ response }) => response));
    streams.push(...opened);
  }
  await SignedStream.open(local as LocalSageMaker, { headers: { 'x-amzn-sagemaker-model-invocation-path': 'die' } });
  const ends = await Promise.all(
    streams.map(async ({ ended, session }) => {
      const events = await ended;
      session.destroy();
      return String(events.at(-1)?.headers[':exception-type'] ?? 'nothing');
    }),
  );
  return `${ends.length} ended with ${[...new Set(ends)].join(', ')}`;
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
