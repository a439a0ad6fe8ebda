import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ContainerExit, RunningContainer } from '../../../lib/contract';
import { LocalSageMaker } from '../../../lib/local';
import type { ContainerEngine, ContainerStart } from '../../../lib/local/engine/container-engine';
import { SignedStream } from '../support/signed-stream';
import { MUTATIONS } from './fuzz-cases';
import { Random } from './random';

/** Milliseconds after which a stream that has not ended hangs. */
const HANG_MS = 20_000;

/** What the container does with the next WebSocket. */
interface Script {
  /** Breaks the answer to the upgrade, or leaves it as it is. */
  readonly breakUpgrade: ((answer: Buffer) => Buffer) | undefined;
  /** What it sends, frames or not. */
  readonly bytes: Buffer;
  readonly pieceSizes: () => number;
  /** How its side ends: at once by FIN or by RST, or when the sidecar has sent a close frame. */
  readonly end: 'fin' | 'reset' | 'handshake';
  /** Its own close frame, once it answered one. */
  closing: Buffer;
  /** What it was sent, so far. */
  received: Buffer;
}

interface DataFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

/**
 * A real local SageMaker between a client over HTTP/2 and a container that both send what they like: whole or broken frames over real
 * sockets, headers within and outside their patterns.
 */
export class WireFuzz {
  static async start(): Promise<WireFuzz> {
    const container = await FuzzedContainer.start();
    const engine: ContainerEngine = { name: 'fuzz', start: (_: ContainerStart) => Promise.resolve(container) };
    const model = { name: 'fuzz', environment: {} };
    const local = await LocalSageMaker.start({
      endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', model }] }],
      port: 0,
      tls: false,
      engine,
    });
    return new WireFuzz(local, container);
  }

  private constructor(
    private readonly local: LocalSageMaker,
    private readonly container: FuzzedContainer,
  ) {}

  get openSessions(): number {
    return this.local.openSessions;
  }

  close(): Promise<void> {
    return this.local.close();
  }

  /** One session. Throws when it is not as it should be. */
  async run(seed: number): Promise<void> {
    const random = new Random(seed);
    const failed = (problem: string): Error => new Error(`seed ${seed} (wire): ${problem}`);
    const script = randomScript(random);
    this.container.script = script;
    const { headers, isValid } = randomHeaders(random);
    const stream = await SignedStream.open(this.local, { headers });
    const status = Number((await inTime(stream.response, failed))[':status']);
    if (!isValid || status !== 200) {
      stream.session.destroy();
      const expected = !isValid ? [400] : script.breakUpgrade ? [424] : [];
      if (!expected.includes(status)) throw failed(`the open was answered with ${status}: ${JSON.stringify(headers)}`);
      return;
    }
    const sent = Array.from({ length: random.below(5) }, () => random.bytes(random.pick([0, 1, random.below(70_000)])));
    for (const payload of sent) if (!stream.stream.closed) await stream.part(payload);
    if (!stream.stream.closed) await stream.end();
    const events = await inTime(stream.ended, failed);
    stream.session.destroy();

    if (script.breakUpgrade) return; // taken all the same: where the frames begin is anyone's guess
    const { frames, ...answered } = readFrames(Buffer.concat([script.bytes, script.closing]), false);
    const parts = events.filter(({ headers: of }) => of[':event-type'] === 'PayloadPart');
    const isCut = script.end === 'reset' && parts.length < frames.length;
    if (parts.length !== frames.length && !isCut) throw failed(`${parts.length} events of ${frames.length} frames`);
    for (const [index, { body }] of parts.entries()) {
      if (!body.equals(frames[index]!.payload)) throw failed(`event ${index} is not its frame`);
    }
    const received = readFrames(script.received, true).frames;
    if (received.length > sent.length) throw failed('the container was sent more than the client sent');
    for (const [index, { payload }] of received.entries()) {
      if (!payload.equals(sent[index]!)) throw failed(`frame ${index} is not what the client sent`);
    }
    // A close frame that a mutation made ends the stream before the client's messages.
    const isClosedFirst = readFrames(script.bytes, false).isClosed;
    const isOrderly = script.end === 'handshake' && answered.isClosed && !isClosedFirst && !answered.isInside;
    if (isOrderly && received.length < sent.length) {
      throw failed(`${received.length} of ${sent.length} messages came through`);
    }
  }
}

async function inTime<T>(promise: Promise<T>, failed: (problem: string) => Error): Promise<T> {
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    deadline = setTimeout(() => reject(failed('it hangs')), HANG_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(deadline));
}

function randomHeaders(random: Random): { headers: Record<string, string>; isValid: boolean } {
  const choices: readonly (readonly [name: string, good: readonly string[], bad: readonly string[]])[] = [
    [
      'x-amzn-sagemaker-model-invocation-path',
      ['v1/listen', 'a', 'x/y.z'],
      ['a b', '/x', 'a//b', 'x'.repeat(101), '\u00e9'],
    ],
    [
      'x-amzn-sagemaker-model-query-string',
      ['a=b', 'a=b&c=%20', 'model=nova-3'],
      ['a', 'a=b c', 'a=%zz', `a=${'x'.repeat(2_048)}`],
    ],
    ['x-amzn-sagemaker-target-variant', ['AllTraffic'], ['-', 'Another', 'a_b', 'x'.repeat(64)]],
  ];
  const headers: Record<string, string> = {};
  let isValid = true;
  for (const [name, good, bad] of choices) {
    if (random.chance(0.6)) continue;
    const isGood = random.chance(0.9);
    headers[name] = random.pick(isGood ? good : bad);
    isValid &&= isGood;
  }
  return { headers, isValid };
}

function randomScript(random: Random): Script {
  const frames: Buffer[] = [];
  for (let count = random.below(6); count > 0; count -= 1) {
    const fragments = 1 + random.below(3);
    for (let index = 0; index < fragments; index += 1) {
      const opcode = index > 0 ? 0 : random.pick([1, 2]);
      frames.push(
        encode(opcode, index === fragments - 1, random.bytes(random.pick([0, 1, 125, 126, random.below(70_000)]))),
      );
      if (random.chance(0.2)) frames.push(encode(random.pick([9, 10]), true, random.bytes(random.below(126))));
    }
  }
  const end = random.pick(['fin', 'reset', 'handshake', 'handshake'] as const);
  if (end === 'fin' && random.chance(0.6))
    frames.push(encode(8, true, Buffer.from([0x03, random.pick([0xe8, 0xe9, 0xf3])])));
  const whole = Buffer.concat(frames);
  const break_ = random.chance(0.5) ? MUTATIONS[random.pick(Object.keys(MUTATIONS))] : undefined;
  const breakUpgrade = random.chance(0.1) ? MUTATIONS[random.pick(Object.keys(MUTATIONS))] : undefined;
  return {
    breakUpgrade: breakUpgrade && (answer => breakUpgrade(random, answer)),
    bytes: break_ && whole.length > 0 ? break_(random, whole) : whole,
    pieceSizes: () => 1 + random.below(random.pick([3, 2_000, 100_000])),
    end,
    closing: Buffer.alloc(0),
    received: Buffer.alloc(0),
  };
}

/** A frame of a server (RFC 6455, section 5.2), written down a second time. */
function encode(opcode: number, fin: boolean, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | opcode;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (length >= 65_536) header.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}

/** The data frames up to the first byte that breaks RFC 6455, to a close frame, or to the end. */
function readFrames(bytes: Buffer, isMasked: boolean) {
  const frames: DataFrame[] = [];
  let isInside = false;
  let at = 0;
  for (;;) {
    const stop = (isClosed: boolean) => ({ frames, isClosed, isInside });
    if (bytes.length - at < 2) return stop(false);
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    let head = 2;
    let length = second & 0x7f;
    if (length === 126) head = 4;
    if (length === 127) head = 10;
    if (second & 0x80) head += 4;
    if (bytes.length - at < head) return stop(false);
    if (length === 126) length = bytes.readUInt16BE(at + 2);
    else if (length === 127) length = Number(bytes.readBigUInt64BE(at + 2));
    const opcode = first & 0x0f;
    const fin = first >= 0x80;
    if (first & 0x70 || second >= 0x80 !== isMasked || opcode > 10) return stop(false);
    if (opcode >= 8 && (!fin || length > 125 || (opcode === 8 && length === 1))) return stop(false);
    if (bytes.length - at < head + length) return stop(false);
    const payload = Buffer.from(bytes.subarray(at + head, at + head + length));
    if (isMasked)
      for (let index = 0; index < length; index += 1) payload[index]! ^= bytes[at + head - 4 + (index % 4)]!;
    at += head + length;
    if (opcode === 8) return stop(true);
    if (opcode > 8) continue;
    if (opcode > 2 || (opcode === 0) !== isInside) return stop(false);
    isInside = !fin;
    frames.push({ opcode, fin, payload });
  }
}

/** Stands in for a container: answers its health check, and each upgrade by the script of the moment. */
class FuzzedContainer implements RunningContainer {
  static async start(): Promise<FuzzedContainer> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FuzzedContainer(server);
  }

  readonly host = '127.0.0.1';
  readonly port: number;
  readonly exited: Promise<ContainerExit>;
  script: Script | undefined;
  private exit!: (exit: ContainerExit) => void;

  private constructor(private readonly server: Server) {
    this.port = (server.address() as AddressInfo).port;
    this.exited = new Promise(resolve => {
      this.exit = resolve;
    });
    server.on('connection', (socket: Socket) => this.onConnection(socket));
  }

  output(): readonly string[] {
    return [];
  }

  kill(): void {
    this.server.close();
    this.exit({ code: 0, signal: null });
  }

  stop(): Promise<ContainerExit> {
    this.kill();
    return this.exited;
  }

  private onConnection(socket: Socket): void {
    let head = '';
    const onHead = (piece: Buffer): void => {
      head += piece.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onHead);
      if (head.startsWith('GET /ping')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      else void this.play(socket, head, this.script!);
    };
    socket.on('data', onHead);
    socket.on('error', () => {});
  }

  private async play(socket: Socket, head: string, script: Script): Promise<void> {
    const closeFrame = new Promise<void>(resolve => {
      socket.on('data', (piece: Buffer) => {
        script.received = Buffer.concat([script.received, piece]);
        if (readFrames(script.received, true).isClosed) resolve();
      });
      socket.on('close', () => resolve());
      socket.on('end', () => resolve());
    });
    const answer = acceptance(head);
    socket.write(script.breakUpgrade ? script.breakUpgrade(answer) : answer);
    for (let at = 0; at < script.bytes.length && !socket.destroyed; ) {
      const size = script.pieceSizes();
      if (!socket.write(script.bytes.subarray(at, at + size))) await new Promise(resolve => setImmediate(resolve));
      at += size;
    }
    if (script.breakUpgrade) socket.end();
    else if (script.end === 'reset') socket.resetAndDestroy();
    else if (script.end === 'fin') socket.end();
    else {
      await closeFrame;
      script.closing = encode(8, true, Buffer.from([0x03, 0xe8]));
      socket.end(script.closing);
    }
    setTimeout(() => socket.destroy(), 1_000).unref();
  }
}

/** The answer of a server to an upgrade (RFC 6455, section 4.2.2), from the head of the request. */
function acceptance(head: string): Buffer {
  const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}
