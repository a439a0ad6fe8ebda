import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { WebSocket } from 'ws';
import { readConfiguration } from '../../../container/speech-simulator/src/configuration';
import { simulatorServer } from '../../../container/speech-simulator/src/simulator-server';

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire is compared, not used
export type Message = any;

/** The sample recording's audio: 16-bit little-endian samples of one channel at 16 kHz. */
export const SAMPLE_PCM = readFileSync(resolve(__dirname, '../../../examples/sample.wav')).subarray(44);

/** Bytes of that audio in a second. */
export const BYTES_PER_SECOND = 32_000;

/** The sample recording's words. */
export const SAMPLE_WORDS: readonly string[] = JSON.parse(
  readFileSync(resolve(__dirname, '../../../examples/sample.script.json'), 'utf8'),
).words.map(({ word }: Message) => word);

/** A simulator in this process, with the lines of its log. */
export async function startSimulator(environment: NodeJS.ProcessEnv = {}) {
  const log: Message[] = [];
  const configuration = readConfiguration(
    { SAGEMAKER_BIND_TO_PORT: '0', BIDI_BIND_TO_HOST: '127.0.0.1', ...environment },
    ['serve'],
  );
  const server = simulatorServer(configuration, (event, fields) => log.push({ event, ...fields }));
  const port = await server.start();
  return {
    port,
    log,
    open: (target: string) => Caller.open(`ws://127.0.0.1:${port}/${target}`),
    [Symbol.asyncDispose]: () => server.drain(0),
  };
}

/** A caller that keeps everything that it receives, in order: JSON as objects, binary messages as buffers. */
export class Caller {
  readonly received: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly watchers = new Set<() => void>();

  private constructor(readonly webSocket: WebSocket) {
    webSocket.on('message', (data: Buffer, isBinary) => {
      this.received.push(isBinary ? data : JSON.parse(data.toString()));
      for (const look of this.watchers) look();
    });
    this.closed = new Promise(resolve =>
      webSocket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  static async open(url: string): Promise<Caller> {
    const caller = new Caller(new WebSocket(url));
    await once(caller.webSocket, 'open');
    return caller;
  }

  json(message: object): void {
    this.webSocket.send(JSON.stringify(message));
  }

  audio(bytes: Buffer): void {
    this.webSocket.send(bytes);
  }

  /** The first message that fulfils a condition, now or later. Rejects when the session ends without it. */
  async message(fulfils: (message: Message) => boolean): Promise<Message> {
    let look = (): void => {};
    try {
      return await new Promise<Message>((resolve, reject) => {
        look = () => {
          const found = this.received.find(fulfils);
          if (found !== undefined) resolve(found);
        };
        this.watchers.add(look);
        void this.closed.then(({ code }) => reject(new Error(`It ended with ${code} without the message.`)));
        look();
      });
    } finally {
      this.watchers.delete(look);
    }
  }

  /** The types of what was received, in order. */
  get types(): string[] {
    return this.received.map(message => (Buffer.isBuffer(message) ? 'audio' : message.type));
  }
}
