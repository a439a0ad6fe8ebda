import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { EventStreamCodec } from '@smithy/core/event-streams';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Message, MessageHeaders } from '@smithy/types';
import { LOCAL_REGION, type LocalCredentials, type LocalSageMaker } from '../../../lib/local';

const codec = new EventStreamCodec(
  bytes => Buffer.from(bytes as Uint8Array).toString(),
  text => Buffer.from(text),
);

export interface SignedStreamOptions {
  readonly endpointName?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly credentials?: LocalCredentials;
  readonly region?: string;
  readonly service?: string;
  readonly date?: Date;
  /**
   * Megabytes that the client's HTTP/2 connection may hold.
   *
   * @default - Node.js's own bound, 10
   */
  readonly maxSessionMemory?: number;
  /** Port to connect to instead of the local SageMaker's own. */
  readonly connectTo?: number;
  /** Changes the signed headers before they are sent. */
  readonly tamper?: (headers: Record<string, string>) => void;
}

export interface ResponseEvent {
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
}

/** A client for tests that is free to do everything wrong: signs with the SDK's signer and writes the bytes itself. */
export class SignedStream {
  static async open(local: LocalSageMaker, options: SignedStreamOptions = {}): Promise<SignedStream> {
    const {
      credentials = local.credentials,
      region = LOCAL_REGION,
      service = 'sagemaker',
      date = new Date(),
    } = options;
    const url = new URL(local.url);
    const path = options.path ?? `/endpoints/${options.endpointName ?? 'echo'}/invocations-bidirectional-stream`;
    const signer = new SignatureV4({ credentials, region, service, sha256: Hash.bind(null, 'sha256') as never });
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path,
        query: {},
        headers: {
          host: url.host,
          'content-type': 'application/vnd.amazon.eventstream',
          'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-EVENTS',
          ...options.headers,
        },
      },
      { signingDate: date },
    );
    const headers: Record<string, string> = { ...signed.headers };
    options.tamper?.(headers);
    delete headers.host;
    const session = connect(url, {
      ca: local.certificateAuthority,
      ...(options.maxSessionMemory === undefined ? {} : { maxSessionMemory: options.maxSessionMemory }),
      ...(options.connectTo === undefined
        ? {}
        : { createConnection: () => connectTcp(options.connectTo!, '127.0.0.1') }),
    });
    session.on('error', () => {});
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
    return new SignedStream(session, stream, signer, /Signature=(\w+)/.exec(headers.authorization ?? '')?.[1] ?? '');
  }

  /** Status and headers of the response. */
  readonly response: Promise<IncomingHttpHeaders>;
  readonly events: ResponseEvent[] = [];
  /** Body of a response that is no event stream. */
  body = '';
  /** Resolves when the response has ended, with its events. */
  readonly ended: Promise<readonly ResponseEvent[]>;
  #bytes = Buffer.alloc(0);
  #waiting: (() => void)[] = [];
  #isEvents = false;

  private constructor(
    readonly session: ClientHttp2Session,
    readonly stream: ClientHttp2Stream,
    private readonly signer: SignatureV4,
    private priorSignature: string,
  ) {
    this.response = new Promise((resolve, reject) => {
      stream.on('response', headers => {
        this.#isEvents = headers['content-type'] === 'application/vnd.amazon.eventstream';
        resolve(headers);
      });
      stream.on('error', reject);
      stream.on('close', () => reject(new Error('closed without a response')));
    });
    this.response.catch(() => {});
    stream.on('data', (piece: Buffer) => this.#onData(piece));
    stream.on('end', () => stream.end()); // as the SDKs do; the service need not wait for its patience to end
    this.ended = new Promise(resolve => {
      stream.on('close', () => {
        resolve(this.events);
        for (const wake of this.#waiting.splice(0)) wake();
        session.close();
      });
    });
  }

  /** Sends one PayloadPart. */
  async part(payload: string | Uint8Array, headers: Record<string, string> = {}): Promise<void> {
    await this.event({
      headers: strings({ ':message-type': 'event', ':event-type': 'PayloadPart', ...headers }),
      body: Buffer.from(payload as Uint8Array),
    });
  }

  async event(message: Message): Promise<void> {
    await this.envelope(codec.encode(message));
  }

  /** Signs bytes into the outer event and sends it. */
  async envelope(body: Uint8Array, change?: (signed: Message) => void, date = new Date()): Promise<void> {
    const bytes = await this.sign(body, change, date);
    if (this.stream.write(bytes) || this.stream.closed) return;
    await new Promise<void>(resolve => {
      const go = () => {
        this.stream.off('drain', go).off('close', go);
        resolve();
      };
      this.stream.on('drain', go).on('close', go);
    });
  }

  async sign(body: Uint8Array, change?: (signed: Message) => void, date = new Date()): Promise<Uint8Array> {
    const headers: MessageHeaders = { ':date': { type: 'timestamp', value: date } };
    const { signature } = await this.signer.signMessage(
      { message: { headers, body }, priorSignature: this.priorSignature },
      { signingDate: date },
    );
    this.priorSignature = signature;
    const signed: Message = {
      headers: { ...headers, ':chunk-signature': { type: 'binary', value: Buffer.from(signature, 'hex') } },
      body,
    };
    change?.(signed);
    return codec.encode(signed);
  }

  /** The signed empty event that ends the input. */
  async end(): Promise<void> {
    await this.envelope(new Uint8Array(0));
    this.stream.end();
  }

  /** Waits for the n-th response event, counted from 1. */
  async nth(count: number): Promise<ResponseEvent> {
    while (this.events.length < count) {
      if (this.stream.closed) throw new Error(`The stream ended after ${this.events.length} events.`);
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
    return this.events[count - 1]!;
  }

  /** The response as a refusal: status, error type and parsed body. */
  async refusal(): Promise<{ status: number; type: string; body: Record<string, unknown> }> {
    const headers = await this.response;
    await new Promise<void>(resolve => {
      if (this.stream.readableEnded) resolve();
      else this.stream.once('end', resolve);
    });
    this.stream.close();
    return {
      status: Number(headers[':status']),
      type: String(headers['x-amzn-errortype']),
      body: JSON.parse(this.body) as Record<string, unknown>,
    };
  }

  #onData(piece: Buffer): void {
    if (!this.#isEvents) {
      this.body += piece.toString();
      return;
    }
    this.#bytes = Buffer.concat([this.#bytes, piece]);
    while (this.#bytes.length >= 4 && this.#bytes.length >= this.#bytes.readUInt32BE(0)) {
      const size = this.#bytes.readUInt32BE(0);
      const { headers, body } = codec.decode(Uint8Array.from(this.#bytes.subarray(0, size)));
      this.#bytes = this.#bytes.subarray(size);
      this.events.push({
        headers: Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value])),
        body: Buffer.from(body),
      });
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export function strings(headers: Record<string, string>): MessageHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }]));
}
