import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type SessionOptions,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { EventStreamCodec, getChunkedStream, type Int64 } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';
import { generate } from 'selfsigned';

/** Credentials that the fake knows; their signatures are checked on every event. */
export const CREDENTIALS = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'a secret of the fake' };
export const REGION = 'eu-west-1';

export interface ReceivedPart {
  readonly data: Buffer;
  readonly dataType: string | undefined;
  readonly completionState: string | undefined;
}

export type Behaviour = (stream: FakeStream) => void | Promise<void>;

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** One request to the fake, for a behaviour to answer. */
export class FakeStream {
  /** Whether the signed empty message that ends the input has arrived. */
  inputEnded = false;
  readonly received: ReceivedPart[] = [];
  #isReset = false;
  readonly #parts: AsyncGenerator<ReceivedPart>;

  constructor(
    readonly raw: ServerHttp2Stream,
    readonly headers: IncomingHttpHeaders,
    private readonly runtime: FakeRuntime,
  ) {
    this.#parts = this.#read();
  }

  /** Response headers of a stream that opens. */
  respond(): void {
    if (this.raw.destroyed) return;
    // Node ends a stream before it resets it, and the peer sees an orderly end; with trailers to come it only resets.
    this.raw.respond(
      {
        ':status': 200,
        'content-type': 'application/vnd.amazon.eventstream',
        'x-amzn-invoked-production-variant': 'AllTraffic',
        'x-amzn-requestid': 'fake-request',
      },
      { waitForTrailers: true },
    );
    this.raw.on('wantTrailers', () => {
      if (!this.#isReset) this.raw.sendTrailers({});
    });
  }

  /** An HTTP error, as restJson1 writes it. */
  refuse(status: number, name: string, body: object = {}): void {
    this.raw.respond({ ':status': status, 'content-type': 'application/json', 'x-amzn-errortype': name });
    this.raw.end(JSON.stringify(body));
  }

  parts(): AsyncGenerator<ReceivedPart> {
    return this.#parts;
  }

  /** Writes an event; resolves when there is room for the next. */
  async send(data: Uint8Array | string, dataType?: string, completionState?: string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    await this.write(
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: 'event' },
          ':event-type': { type: 'string', value: 'PayloadPart' },
          ':content-type': { type: 'string', value: 'application/octet-stream' },
          ...(dataType && { DataType: { type: 'string', value: dataType } }),
          ...(completionState && { CompletionState: { type: 'string', value: completionState } }),
        },
        body: bytes,
      }),
    );
  }

  /** Writes an exception event. */
  async throw(name: string, body: object): Promise<void> {
    await this.write(
      codec.encode({
        headers: {
          ':message-type': { type: 'string', value: 'exception' },
          ':exception-type': { type: 'string', value: name },
          ':content-type': { type: 'string', value: 'application/json' },
        },
        body: Buffer.from(JSON.stringify(body)),
      }),
    );
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.raw.destroyed || this.raw.writableEnded) return;
    if (this.raw.write(bytes)) return;
    await new Promise<void>(resolve => {
      const go = () => {
        this.raw.off('drain', go).off('close', go);
        resolve();
      };
      this.raw.on('drain', go).on('close', go);
    });
  }

  end(): void {
    this.raw.end();
  }

  reset(code: number = constants.NGHTTP2_INTERNAL_ERROR): void {
    this.#isReset = true;
    // Within a callback of nghttp2, Node 20 spins for ever over a cancellation of a stream that waits for trailers.
    setImmediate(() => this.raw.close(code));
  }

  /** Cuts every TCP connection of the fake without a word. */
  cut(): void {
    this.runtime.cut();
  }

  async *#read(): AsyncGenerator<ReceivedPart> {
    let signature = /Signature=(\w+)$/.exec(this.headers.authorization ?? '')?.[1] ?? '';
    const [, accessKeyId = '', scope = ''] = /Credential=([^/]+)\/([^,]+)/.exec(this.headers.authorization ?? '') ?? [];
    const secret = this.runtime.secrets.get(accessKeyId) ?? '';
    try {
      for await (const bytes of getChunkedStream(this.raw as never) as AsyncIterable<Uint8Array>) {
        const outer = codec.decode(bytes);
        signature = this.runtime.checkSignature(outer as never, signature, scope, secret);
        if (outer.body.byteLength === 0) {
          this.inputEnded = true;
          return;
        }
        const inner = codec.decode(outer.body);
        const part = {
          data: Buffer.from(inner.body),
          dataType: inner.headers.DataType?.value as string | undefined,
          completionState: inner.headers.CompletionState?.value as string | undefined,
        };
        if (this.runtime.keepsParts) this.received.push(part);
        yield part;
      }
    } catch (error) {
      if (!this.raw.destroyed) throw error;
    }
  }
}

export interface FakeRuntimeOptions {
  /** What each stream does. Default: {@link echo}. */
  behaviour?: Behaviour;
  tls?: boolean;
  settings?: SessionOptions;
  /** Whether each stream keeps what it received; off for long measurements. */
  keepsParts?: boolean;
  /** Whether signatures are checked; off for measurements. */
  checksSignatures?: boolean;
}

/** Sends back what comes, part for part, and ends when the input ends. */
export const echo: Behaviour = async stream => {
  stream.respond();
  for await (const part of stream.parts()) await stream.send(part.data, part.dataType, part.completionState);
  stream.end();
};

/**
 * A fake of the streaming runtime: real HTTP/2 and event streams, with each signature of the chain checked, and a behaviour
 * in place of an endpoint.
 */
export class FakeRuntime {
  behaviour: Behaviour;
  readonly streams: FakeStream[] = [];
  readonly sessions = new Set<ServerHttp2Session>();
  /** Connections that were ever accepted. */
  connections = 0;
  certificateAuthority = '';
  /** Secrets by access key. */
  readonly secrets = new Map([[CREDENTIALS.accessKeyId, CREDENTIALS.secretAccessKey]]);
  readonly keepsParts: boolean;
  readonly #checksSignatures: boolean;
  readonly #sockets = new Set<Socket>();
  readonly #errors: unknown[] = [];
  #server!: Http2Server | Http2SecureServer;
  #tls: boolean;

  private constructor(options: FakeRuntimeOptions) {
    this.behaviour = options.behaviour ?? echo;
    this.#tls = options.tls ?? false;
    this.keepsParts = options.keepsParts ?? true;
    this.#checksSignatures = options.checksSignatures ?? true;
  }

  static async start(options: FakeRuntimeOptions = {}): Promise<FakeRuntime> {
    const fake = new FakeRuntime(options);
    await fake.#listen(options.settings ?? {});
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Configuration of a client for this fake. */
  get client() {
    return { endpoint: this.url, region: REGION, credentials: CREDENTIALS };
  }

  /** Cuts every TCP connection without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends every connection and stops listening, once. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const session of this.sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#errors.length) throw new AggregateError(this.#errors, `The fake runtime failed: ${this.#errors}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Checks an event's signature against the one before it (Smithy, "Amazon Event Stream signing"). Returns its own. */
  checkSignature(
    message: { headers: Record<string, { value: unknown }>; body: Uint8Array },
    prior: string,
    scope: string,
    secret: string,
  ): string {
    const given = Buffer.from(message.headers[':chunk-signature']?.value as Uint8Array).toString('hex');
    if (!this.#checksSignatures) return given;
    const date = message.headers[':date']?.value as Date | Int64;
    const signedAt = new Date(date.valueOf());
    const stamp = signedAt.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const dateHeader = codec.formatHeaders({ ':date': { type: 'timestamp', value: signedAt } });
    const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
    const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
    const [day = '', region = '', service = ''] = scope.split('/');
    const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
    const text = ['AWS4-HMAC-SHA256-PAYLOAD', stamp, scope, prior, sha256(dateHeader), sha256(message.body)].join('\n');
    const expected = hmac(key, text).toString('hex');
    if (expected !== given) throw new Error('An event carries a wrong signature.');
    return given;
  }

  async #listen(settings: SessionOptions): Promise<void> {
    if (this.#tls) {
      const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
      } as never);
      this.certificateAuthority = pems.cert;
      this.#server = createSecureServer({ key: pems.private, cert: pems.cert, ...settings });
    } else {
      this.#server = createServer(settings);
    }
    this.#server.on(this.#tls ? 'secureConnection' : 'connection', () => {
      this.connections += 1;
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    this.#server.on('session', session => {
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      session.on('error', () => undefined);
    });
    this.#server.on('sessionError', () => undefined);
    this.#server.on('stream', (raw, headers) => {
      raw.on('error', () => undefined);
      const stream = new FakeStream(raw, headers, this);
      this.streams.push(stream);
      Promise.resolve()
        .then(() => this.behaviour(stream))
        .catch(error => {
          this.#errors.push(error);
          raw.destroy();
        });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }
}
