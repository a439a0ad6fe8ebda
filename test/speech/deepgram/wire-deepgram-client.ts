import { PassThrough } from 'node:stream';
import { FakeRuntime, type FakeStream as WireStream } from '../../client/support/fake-runtime';
import { GeneratedClient } from '../../client/support/generated-client';
import type { FakeModel, FakeStream, Heard } from './fake-deepgram-client';

const servers = new Set<Promise<{ runtime: FakeRuntime; client: GeneratedClient }>>();

afterEach(async () => {
  for (const started of servers) {
    const { runtime, client } = await started;
    client.destroy();
    await runtime.close();
  }
  servers.clear();
});

/**
 * The fake model on the other side of a connection: each command goes through a client as the SDK's generator makes it, over HTTP/2
 * as signed events, to a fake of the streaming runtime that lets the function play the model.
 */
export class WireDeepgramClient {
  readonly streams: FakeStream[] = [];
  private started?: Promise<{ runtime: FakeRuntime; client: GeneratedClient }>;

  constructor(private readonly model: FakeModel) {}

  async send(command: unknown, options?: object): Promise<unknown> {
    this.started ??= this.start();
    const { client } = await this.started;
    return client.send(command as never, options as never);
  }

  private start() {
    const started = FakeRuntime.start({ behaviour: stream => this.play(stream), keepsParts: false }).then(runtime => ({
      runtime,
      client: new GeneratedClient(runtime.client),
    }));
    servers.add(started);
    return started;
  }

  private async play(wire: WireStream): Promise<void> {
    const heard: Heard[] = [];
    const arrivals = new PassThrough({ objectMode: true, highWaterMark: 1_000 });
    let written = Promise.resolve();
    let isBroken = false;
    const stream: FakeStream = {
      path: wire.headers['x-amzn-sagemaker-model-invocation-path'] as string | undefined,
      query: wire.headers['x-amzn-sagemaker-model-query-string'] as string | undefined,
      heard,
      input: { [Symbol.asyncIterator]: () => arrivals.iterator({ destroyOnReturn: false }) },
      say: message => {
        const isText = !(message instanceof Uint8Array);
        const data = isText ? (typeof message === 'string' ? message : JSON.stringify(message)) : message;
        written = written.then(() => wire.send(data, isText ? 'UTF8' : 'BINARY', 'COMPLETE'));
      },
      fail: error => {
        isBroken = true;
        written = written.then(() => breakStream(wire, error));
      },
    };
    this.streams.push(stream);
    wire.respond();
    void (async () => {
      for await (const { data, dataType } of wire.parts()) {
        const item = dataType === 'UTF8' ? data.toString() : data;
        heard.push(item);
        arrivals.write(item);
      }
      arrivals.end();
    })().catch(() => arrivals.end());
    await this.model(stream).catch(error => stream.fail(error));
    await written;
    if (!isBroken) wire.end();
  }
}

/** A `ModelStreamError` as its event, then the end; anything else as a cut of the stream. */
async function breakStream(wire: WireStream, error: Error & { ErrorCode?: string; Message?: string }): Promise<void> {
  if (error.ErrorCode === undefined) return wire.reset();
  await wire.throw(error.name, { Message: error.Message, ErrorCode: error.ErrorCode });
  wire.end();
}
