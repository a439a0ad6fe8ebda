import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:http2';
import { crc32 } from 'node:zlib';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';

/** What the measuring side asks of the loading side, over the channel between the two processes. */
export interface LoadOrder {
  readonly url: string;
  readonly certificateAuthority: string | undefined;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly sessions: number;
  /** HTTP/2 connections that the sessions share. */
  readonly connections: number;
  readonly messagesPerSecond: number;
  readonly payloadBytes: number;
  readonly seconds: number;
}

export interface LoadReport {
  readonly opened: number;
  readonly sent: number;
  readonly received: number;
  /** Messages that came back on the session with the fewest. */
  readonly fewest: number;
  readonly bytes: number;
  /** Messages that came back altered, out of order, or not at all. */
  readonly wrong: number;
  readonly failures: readonly string[];
  /** Round trips, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Milliseconds without any answer after which what is missing counts as lost. */
const STANDSTILL_MS = 20_000;

const DAY = /^(\d{8})/;

/** One signed stream, written with as little as possible so that the load is not what is measured. */
class LoadStream {
  received = 0;
  sent = 0;
  bytes = 0;
  wrong = 0;
  failure: string | undefined;
  readonly roundTrips: number[] = [];
  readonly #awaited: { readonly payload: Buffer; readonly at: number }[] = [];
  #previous = '';
  #rest: Buffer = Buffer.alloc(0);
  #ended!: Promise<void>;

  constructor(
    private readonly stream: import('node:http2').ClientHttp2Stream,
    signature: string,
    private readonly order: LoadOrder,
    private readonly key: Buffer,
    private readonly number: number,
  ) {
    this.#previous = signature;
    this.#ended = new Promise(resolve => stream.once('close', () => resolve()));
    stream.on('error', error => {
      this.failure ??= error.message;
    });
    stream.on('data', (piece: Buffer) => this.#read(piece));
  }

  send(): void {
    if (this.stream.destroyed || this.stream.writableLength > 1 << 16) return;
    const payload = Buffer.allocUnsafe(this.order.payloadBytes);
    payload.fill((this.number * 31 + this.sent) & 0xff);
    payload.writeUInt32BE(this.number, 0);
    payload.writeUInt32BE(this.sent, 4);
    this.sent += 1;
    this.#awaited.push({ payload, at: performance.now() });
    this.stream.write(this.#sign(encode(INNER_HEADERS, payload)));
  }

  async end(): Promise<void> {
    // On a busy machine what is on its way takes its time: only a standstill is a loss.
    for (let before = -1, since = Date.now(); this.#awaited.length > 0 && !this.stream.destroyed; ) {
      if (this.received !== before) {
        before = this.received;
        since = Date.now();
      } else if (Date.now() - since > STANDSTILL_MS) {
        break;
      }
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    this.wrong += this.#awaited.length;
    if (!this.stream.destroyed) {
      this.stream.write(this.#sign(Buffer.alloc(0)));
      this.stream.end();
    }
    await this.#ended;
  }

  #read(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    while (this.#rest.length >= 12 && this.#rest.length >= this.#rest.readUInt32BE(0)) {
      const size = this.#rest.readUInt32BE(0);
      const body = this.#rest.subarray(12 + this.#rest.readUInt32BE(4), size - 4);
      if (crc32(this.#rest.subarray(0, size - 4)) !== this.#rest.readUInt32BE(size - 4)) this.wrong += 1;
      const awaited = this.#awaited.shift();
      if (!awaited?.payload.equals(body)) {
        this.wrong += 1;
        this.failure ??= body.toString('latin1', 0, 200);
      } else {
        this.roundTrips.push(performance.now() - awaited.at);
      }
      this.received += 1;
      this.bytes += body.length;
      this.#rest = this.#rest.subarray(size);
    }
  }

  #sign(body: Buffer): Buffer {
    const date = new Date();
    const longDate = date
      .toISOString()
      .replace(/\.\d{3}Z$/, 'Z')
      .replace(/[-:]/g, '');
    const dateHeader = Buffer.alloc(15);
    dateHeader.write('\x05:date\x08', 'latin1');
    dateHeader.writeBigInt64BE(BigInt(date.getTime()), 7);
    const scope = `${DAY.exec(longDate)![1]}/${this.order.region}/sagemaker/aws4_request`;
    const signature = createHmac('sha256', this.key)
      .update(`AWS4-HMAC-SHA256-PAYLOAD\n${longDate}\n${scope}\n${this.#previous}\n${hash(dateHeader)}\n${hash(body)}`)
      .digest();
    this.#previous = signature.toString('hex');
    const signatureHeader = Buffer.concat([Buffer.from('\x10:chunk-signature\x06\x00\x20', 'latin1'), signature]);
    return encode(Buffer.concat([dateHeader, signatureHeader]), body);
  }
}

/** Opens the sessions, keeps them busy for a while and reports what came back. */
async function load(order: LoadOrder): Promise<LoadReport> {
  const url = new URL(order.url);
  const sessions = Array.from({ length: order.connections }, () => {
    const session = connect(url, { ca: order.certificateAuthority });
    session.setMaxListeners(0);
    return session;
  });
  const signer = new SignatureV4({
    credentials: order.credentials,
    region: order.region,
    service: 'sagemaker',
    sha256: Hash.bind(null, 'sha256') as never,
  });
  const key = signingKey(order);
  const path = '/endpoints/echo/invocations-bidirectional-stream';
  const streams: LoadStream[] = [];
  const failures: string[] = [];
  const open = async (number: number): Promise<void> => {
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      path,
      headers: {
        host: url.host,
        'content-type': 'application/vnd.amazon.eventstream',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-EVENTS',
      },
    });
    const { host, ...rest } = headers;
    const stream = sessions[number % sessions.length]!.request({ ':method': 'POST', ':path': path, ...rest });
    const status = await new Promise(resolve => {
      stream.once('response', answer => resolve(answer[':status']));
      stream.once('error', error => resolve(error.message));
    });
    if (status !== 200) {
      failures.push(`open: ${status}`);
      stream.close();
      return;
    }
    streams.push(new LoadStream(stream, /Signature=(\w+)/.exec(headers.authorization!)![1]!, order, key, number));
  };
  for (let number = 0; number < order.sessions; number += 20) {
    await Promise.all(
      Array.from({ length: Math.min(20, order.sessions - number) }, (_, index) => open(number + index)),
    );
  }
  process.send?.({ opened: streams.length });
  await new Promise(resolve => process.once('message', resolve)); // the idle sessions have been measured

  const until = performance.now() + order.seconds * 1_000;
  const intervalMs = 1_000 / order.messagesPerSecond;
  const began = performance.now();
  // Each session sends at its own moment within the interval, as clients do.
  for (let step = 0; performance.now() < until; step += 1) {
    const share = streams.length / 10;
    const due = began + (step * intervalMs) / 10;
    const wait = due - performance.now();
    // Behind or not, what has come is read before more is sent.
    await new Promise(resolve => (wait > 0 ? setTimeout(resolve, wait) : setImmediate(resolve)));
    for (let index = Math.floor((step % 10) * share); index < Math.floor(((step % 10) + 1) * share); index += 1) {
      streams[index]!.send();
    }
  }
  await Promise.all(streams.map(stream => stream.end()));
  for (const session of sessions) session.close();
  const roundTrips = Float64Array.from(streams.flatMap(stream => stream.roundTrips)).sort();
  const sum = (read: (stream: LoadStream) => number): number => streams.reduce((total, each) => total + read(each), 0);
  return {
    opened: streams.length,
    sent: sum(stream => stream.sent),
    received: sum(stream => stream.received),
    fewest: Math.min(...streams.map(stream => stream.received)),
    bytes: sum(stream => stream.bytes),
    wrong: sum(stream => stream.wrong),
    failures: [...new Set([...failures, ...streams.flatMap(stream => stream.failure ?? [])])].slice(0, 5),
    p50: roundTrips[Math.floor(roundTrips.length / 2)] ?? 0,
    p99: roundTrips[Math.floor(roundTrips.length * 0.99)] ?? 0,
  };
}

const INNER_HEADERS = Buffer.concat(
  [
    [':message-type', 'event'],
    [':event-type', 'PayloadPart'],
  ].map(([name, value]) =>
    Buffer.from(
      `${String.fromCharCode(name!.length)}${name}\x07${String.fromCharCode(0, value!.length)}${value}`,
      'latin1',
    ),
  ),
);

function encode(headers: Buffer, body: Buffer): Buffer {
  const size = 16 + headers.length + body.length;
  const event = Buffer.allocUnsafe(size);
  event.writeUInt32BE(size, 0);
  event.writeUInt32BE(headers.length, 4);
  event.writeUInt32BE(crc32(event.subarray(0, 8)), 8);
  headers.copy(event, 12);
  body.copy(event, 12 + headers.length);
  event.writeUInt32BE(crc32(event.subarray(0, size - 4)), size - 4);
  return event;
}

function hash(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function signingKey({ credentials, region }: LoadOrder): Buffer {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  let key = Buffer.from(`AWS4${credentials.secretAccessKey}`);
  for (const word of [day, region, 'sagemaker', 'aws4_request']) key = createHmac('sha256', key).update(word).digest();
  return key;
}

process.once('message', async (order: LoadOrder) => {
  process.send?.({ report: await load(order) });
  process.disconnect();
});
