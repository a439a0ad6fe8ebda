import { once } from 'node:events';
import { BidiSession, type Message, SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { echo, FakeRuntime } from './support/fake-runtime';

let fake: FakeRuntime;
let client: SageMakerRuntimeHTTP2Client;

beforeEach(async () => {
  fake = await FakeRuntime.start();
  client = new SageMakerRuntimeHTTP2Client(fake.client);
});

afterEach(async () => {
  client.destroy();
  await fake.close();
});

const open = (options: Partial<Parameters<typeof BidiSession.open>[0]> = {}) =>
  BidiSession.open({ endpointName: 'echo', client, ...options });

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

describe('messages', () => {
  test('come back as they went: text as text, bytes as bytes, empty ones too', async () => {
    const messages: Message[] = ['I need help with', new Uint8Array([0, 1, 255]), 'ünï', '', new Uint8Array(0)];
    const session = await open();
    expect(session.invokedProductionVariant).toBe('AllTraffic');
    for (const message of messages) await session.send(message);
    const received = collect(session);
    await session.closeInput();
    expect((await received).map(message => (typeof message === 'string' ? message : new Uint8Array(message)))).toEqual(
      messages,
    );
    expect(fake.streams[0]!.inputEnded).toBe(true);
    await session.close();
  });
});
