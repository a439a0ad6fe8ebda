import { once } from 'node:events';
import { PassThrough } from 'node:stream';

/** What a fake model got: text, or bytes. */
export type Heard = string | Buffer;

/** One stream, as the fake model sees it. */
export interface FakeStream {
  /** Path and query string that the stream was opened with. */
  readonly path: string | undefined;
  readonly query: string | undefined;
  /** Everything that arrived so far. */
  readonly heard: Heard[];
  /** What arrives, as it arrives; ends with the input. */
  readonly input: AsyncIterable<Heard>;
  /** Answers with JSON, text or bytes. */
  say(message: object | string | Uint8Array): void;
  /** Breaks the stream. */
  fail(error: Error): void;
}

/** How a fake model behaves. The stream ends in order when it returns. */
export type FakeModel = (stream: FakeStream) => Promise<void>;

/**
 * A fake AWS client: takes the SDK's command and lets a function in this process play the model. There is no network, no
 * signature and no container in it; the tests with those are elsewhere.
 */
export class FakeDeepgramClient {
  readonly streams: FakeStream[] = [];

  constructor(private readonly model: FakeModel) {}

  async send(
    command: { input: { Body: AsyncIterable<unknown>; ModelInvocationPath?: string; ModelQueryString?: string } },
    options: { abortSignal?: AbortSignal } = {},
  ) {
    const answers = new PassThrough({ objectMode: true, highWaterMark: 1_000 });
    const heard: Heard[] = [];
    const arrivals = new PassThrough({ objectMode: true, highWaterMark: 1_000 });
    const stream: FakeStream = {
      path: command.input.ModelInvocationPath,
      query: command.input.ModelQueryString,
      heard,
      input: { [Symbol.asyncIterator]: () => arrivals.iterator({ destroyOnReturn: false }) },
      say: message => {
        const isText = !(message instanceof Uint8Array);
        const data = isText ? Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)) : message;
        answers.write({ PayloadPart: { Bytes: data, DataType: isText ? 'UTF8' : 'BINARY' } });
      },
      fail: error => answers.destroy(error),
    };
    this.streams.push(stream);
    options.abortSignal?.addEventListener('abort', () => answers.destroy(new Error('aborted')));
    void (async () => {
      for await (const event of command.input.Body as AsyncIterable<{
        PayloadPart: { Bytes: Uint8Array; DataType: string };
      }>) {
        const { Bytes, DataType } = event.PayloadPart;
        const item = DataType === 'UTF8' ? Buffer.from(Bytes).toString() : Buffer.from(Bytes);
        heard.push(item);
        arrivals.write(item);
      }
      arrivals.end();
    })().catch(() => arrivals.end());
    this.model(stream).then(
      () => answers.end(),
      error => answers.destroy(error),
    );
    void once(answers, 'close').catch(() => undefined);
    return { $metadata: {}, Body: answers, InvokedProductionVariant: 'AllTraffic' };
  }
}

/** The control messages among what was heard. */
export function controls(heard: readonly Heard[]): { type: string }[] {
  return heard.filter(item => typeof item === 'string').map(item => JSON.parse(item as string) as { type: string });
}
