import { createHash, createHmac } from 'node:crypto';
import { Duplex } from 'node:stream';
import { crc32 } from 'node:zlib';
import { EventStreamCodec } from '@smithy/core/event-streams';
import type { MessageHeaders } from '@smithy/types';
import { completeBehaviours } from '../../../lib/contract';
import { Clock } from '../../../lib/local';
import { SignatureVerifier } from '../../../lib/local/service/signature-verification';
import { FrameSequenceError, FrameToEventMapper, type PayloadPart } from '../../../lib/local/stream/frame-mapping';
import { type SessionEnd, StreamSession } from '../../../lib/local/stream/stream-session';
import type { Frame } from '../../../lib/wire/frame';
import type { FrameSocket } from '../../../lib/wire/frame-socket';
import { TEST_CREDENTIALS } from '../support/test-credentials';
import { Random } from './random';
import { requestHeaderCase } from './request-cases';

const codec = new EventStreamCodec(
  bytes => Buffer.from(bytes as Uint8Array).toString(),
  text => Buffer.from(text),
);
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const verifier = new SignatureVerifier('us-east-1', [TEST_CREDENTIALS], () => NOW);
const REQUEST_SIGNATURE = createHash('sha256').update('request').digest('hex');

/** Names of errors with which a broken request stream may be answered. */
const ANSWERS = new Set(['SerializationException', 'ValidationException', 'InvalidSignatureException']);

/** Ways to break the bytes of a stream. What is flipped, cut or doubled has to be noticed: checksums and signatures cover it all. */
export const MUTATIONS: Record<string, (random: Random, bytes: Buffer) => Buffer> = {
  'flip a bit': (random, bytes) => {
    const broken = Buffer.from(bytes);
    const at = random.below(broken.length);
    broken[at] = broken[at]! ^ (1 << random.below(8));
    return broken;
  },
  'insert bytes': (random, bytes) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(20)), bytes.subarray(at)]);
  },
  'leave bytes out': (random, bytes) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(20))]);
  },
  'cut the end': (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  'double a piece': (random, bytes) => {
    const from = random.below(bytes.length);
    const to = from + 1 + random.below(bytes.length - from);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  'overwrite a piece': (random, bytes) => {
    const broken = Buffer.from(bytes);
    const at = random.below(broken.length);
    random.bytes(Math.min(1 + random.below(40), broken.length - at)).copy(broken, at);
    return broken;
  },
  'change a length': (random, bytes) => {
    const broken = Buffer.from(bytes);
    if (broken.length < 8) return broken;
    broken.writeUInt32BE(
      random.pick([0, 1, 15, 16, 0x7fffffff, 0xffffffff, random.below(1 << 30)]),
      random.pick([0, 4]),
    );
    // A checksum that agrees, so that the length itself is judged.
    if (random.chance(0.7) && broken.length >= 12) broken.writeUInt32BE(crc32(broken.subarray(0, 8)), 8);
    return broken;
  },
  garbage: random => random.bytes(1 + random.below(200)),
};

/** Ways to tamper with whole events, checksums in order: only the chain of signatures tells. */
const FORGERIES: Record<string, (random: Random, events: Uint8Array[]) => Uint8Array[]> = {
  'repeat an event': (random, events) => {
    const at = random.below(events.length);
    return events.toSpliced(at, 0, events[at]!);
  },
  'leave an event out': (random, events) => events.toSpliced(random.below(events.length), 1),
  'swap two events': (random, events) => {
    const [one, other] = [random.below(events.length), random.below(events.length)];
    return events.with(one, events[other]!).with(other, events[one]!);
  },
  'replace an event with one that is signed like it': (random, events) => {
    const at = random.below(events.length);
    const { headers } = codec.decode(events[at]!);
    const { headers: innerHeaders, payload } = randomPart(random);
    return events.with(at, codec.encode({ headers, body: codec.encode({ headers: innerHeaders, body: payload }) }));
  },
};

interface Part {
  readonly headers: MessageHeaders;
  readonly payload: Buffer;
}

/** One case: a request stream, whole or broken, in pieces of any size, through a whole session. Throws when it is not as it should be. */
async function requestStreamCase(seed: number): Promise<void> {
  const random = new Random(seed);
  const isSigned = random.chance(0.5);
  const parts = Array.from({ length: random.below(6) }, () => randomPart(random));
  const events = [...encodeStream(parts, isSigned)];
  const whole = Buffer.concat(events);
  const kinds = isSigned && random.chance(0.4) ? FORGERIES : MUTATIONS;
  const mutation = random.chance(0.8) ? random.pick(Object.keys(kinds)) : undefined;
  const sent =
    mutation === undefined
      ? whole
      : kinds === FORGERIES
        ? Buffer.concat(FORGERIES[mutation]!(random, events))
        : MUTATIONS[mutation]!(random, whole);
  const isBroken = !sent.equals(whole);
  const frames: Frame[] = [];
  const { end, answer, wasReset } = await runSession(random, sent, isSigned, frames);
  const describe = (problem: string): Error =>
    new Error(`seed ${seed} (${mutation ?? 'whole'}, ${isSigned ? 'signed' : 'unsigned'}): ${problem}`);

  // What reached the container was sent just so, in that order: nothing invented, nothing altered.
  const expected = parts.map(({ payload }) => payload);
  for (const [index, { payload }] of frames.entries()) {
    // Without signatures, a doubled or garbage event may be whole in itself.
    if (!isSigned && isBroken && !expected[index]?.equals(payload)) {
      if (!expected.some(candidate => candidate.equals(payload))) throw describe('an altered payload was let through');
      continue;
    }
    if (!expected[index]?.equals(payload)) throw describe(`payload ${index} was let through altered`);
  }
  if (wasReset) throw describe('the stream was reset instead of answered');
  if (!isBroken) {
    if (end.outcome !== 'ended') throw describe(`refused with ${end.outcome}: ${end.message}`);
    if (frames.length !== expected.length) throw describe(`${frames.length} of ${expected.length} frames came through`);
    return;
  }
  if (end.outcome === 'ended') return; // cut at the end of an event, or broken after the signed end
  if (!ANSWERS.has(end.outcome)) throw describe(`answered with ${end.outcome}: ${end.message}`);
  const last = codec.decode(Uint8Array.from(answer));
  if (last.headers[':message-type']?.value !== 'error' || last.headers[':error-code']?.value !== end.outcome) {
    throw describe('the error is not what the client was told');
  }
}

/** One case: frames of any kind in any order, against the rules of RFC 6455, section 5.4, written down a second time. */
function frameSequenceCase(seed: number): void {
  const random = new Random(seed);
  const mapper = new FrameToEventMapper();
  let message: PayloadPart['dataType'] | undefined;
  for (let index = random.below(12); index >= 0; index -= 1) {
    const opcode = random.pick([0, 0, 0, 1, 1, 2, 2, random.below(8)]);
    const fin = random.chance(0.5);
    const payload = random.bytes(random.below(8));
    const isAllowed = opcode === 0 ? message !== undefined : opcode <= 2 && message === undefined;
    let part: PayloadPart;
    try {
      part = mapper.map({ opcode, fin, payload });
    } catch (error) {
      if (!(error instanceof FrameSequenceError) || isAllowed) throw new Error(`seed ${seed}: ${error}`);
      return;
    }
    if (!isAllowed) throw new Error(`seed ${seed}: opcode ${opcode} was let through`);
    message ??= opcode === 1 ? 'UTF8' : 'BINARY';
    const wanted = { dataType: message, completionState: fin ? 'COMPLETE' : 'PARTIAL', payload };
    if (
      part.dataType !== wanted.dataType ||
      part.completionState !== wanted.completionState ||
      part.payload !== payload
    ) {
      throw new Error(`seed ${seed}: ${JSON.stringify(part)} instead of ${JSON.stringify(wanted)}`);
    }
    if (fin) message = undefined;
  }
}

/** Cases from a seed on, of each kind in turn. */
export async function fuzz(count: number, firstSeed: number, onProgress?: (done: number) => void): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    if (done % 4 === 3) frameSequenceCase(firstSeed + done);
    else if (done % 4 === 2) requestHeaderCase(new Random(firstSeed + done), firstSeed + done);
    else await requestStreamCase(firstSeed + done);
    if (done % 10_000 === 9_999) onProgress?.(done + 1);
  }
}

function randomPart(random: Random): Part {
  const headers: MessageHeaders = {
    ':message-type': { type: 'string', value: 'event' },
    ':event-type': { type: 'string', value: 'PayloadPart' },
  };
  if (random.chance(0.5)) headers.DataType = { type: 'string', value: random.pick(['UTF8', 'BINARY']) };
  if (random.chance(0.5)) headers.CompletionState = { type: 'string', value: random.pick(['PARTIAL', 'COMPLETE']) };
  if (random.chance(0.2)) headers.P = { type: 'string', value: 'x'.repeat(random.below(100)) };
  if (random.chance(0.05)) headers.other = { type: 'integer', value: random.below(100) };
  return { headers, payload: random.bytes(random.pick([0, 1, random.below(40), random.below(2_000)])) };
}

function* encodeStream(parts: readonly Part[], isSigned: boolean): Iterable<Uint8Array> {
  let previous = REQUEST_SIGNATURE;
  const inner = [...parts.map(({ headers, payload }) => codec.encode({ headers, body: payload })), new Uint8Array(0)];
  for (const body of inner) {
    const date: MessageHeaders = { ':date': { type: 'timestamp', value: new Date(NOW) } };
    const signature = isSigned ? signatureOf(previous, date, body) : Buffer.alloc(32);
    previous = signature.toString('hex');
    yield codec.encode({ headers: { ...date, ':chunk-signature': { type: 'binary', value: signature } }, body });
  }
}

/** The signature as the specification has it, written down a second time. */
function signatureOf(previous: string, date: MessageHeaders, body: Uint8Array): Buffer {
  const hash = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
  let key = Buffer.from(`AWS4${TEST_CREDENTIALS.secretAccessKey}`);
  for (const word of ['20260102', 'us-east-1', 'sagemaker', 'aws4_request']) {
    key = createHmac('sha256', key).update(word).digest();
  }
  return createHmac('sha256', key)
    .update(
      `AWS4-HMAC-SHA256-PAYLOAD\n20260102T030405Z\n20260102/us-east-1/sagemaker/aws4_request\n${previous}\n${hash(codec.formatHeaders(date))}\n${hash(body)}`,
    )
    .digest();
}

interface SessionResult {
  readonly end: SessionEnd;
  /** The last event of the response, empty when there is none. */
  readonly answer: Buffer;
  readonly wasReset: boolean;
}

/** A whole session between a stand-in for the HTTP/2 stream, which hands in the bytes, and one for the container, which takes frames. */
async function runSession(random: Random, bytes: Buffer, isSigned: boolean, frames: Frame[]): Promise<SessionResult> {
  const stream = new FakeHttp2Stream();
  const webSocket = new FakeFrameSocket(frames);
  const chain = isSigned
    ? verifier.eventChain({
        signature: REQUEST_SIGNATURE,
        credentials: TEST_CREDENTIALS,
        payloadHash: 'STREAMING-AWS4-HMAC-SHA256-EVENTS',
      })
    : undefined;
  const session = new StreamSession({
    stream: stream as never,
    webSocket: webSocket as unknown as FrameSocket,
    chain,
    clock: Clock.REAL,
    behaviours: completeBehaviours(),
  });
  for (let offset = 0; offset < bytes.length; ) {
    const size = random.chance(0.1) ? 1 : 1 + random.below(bytes.length);
    stream.push(Buffer.from(bytes.subarray(offset, offset + size)));
    offset += size;
  }
  stream.push(null);
  const end = await session.ended;
  return { end, answer: stream.lastWrite, wasReset: stream.wasReset };
}

class FakeHttp2Stream extends Duplex {
  lastWrite: Buffer = Buffer.alloc(0);
  wasReset = false;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.lastWrite = chunk;
    callback();
  }

  close(code: number): void {
    if (code !== 0) this.wasReset = true;
    this.destroy();
  }
}

/** Takes frames, and closes in order when it is asked to. */
class FakeFrameSocket {
  isWritable = true;
  #listener: { onEnd(end: { code: number; reason: string }): void } | undefined;

  constructor(private readonly frames: Frame[]) {}

  listen(listener: { onEnd(end: { code: number; reason: string }): void }): void {
    this.#listener = listener;
  }

  send(frame: Frame): boolean {
    this.frames.push({ ...frame, payload: Buffer.from(frame.payload) });
    return true;
  }

  close(): void {
    setImmediate(() => this.#listener?.onEnd({ code: 1000, reason: '' }));
  }

  ping(): void {}
  pause(): void {}
  resume(): void {}
  destroy(): void {}
}
