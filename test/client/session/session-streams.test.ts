import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BidiSession,
  type Message,
  StreamInterruptedError,
  sessionDuplex,
  sessionWebStreams,
} from '../../../lib/client';
import { client, fake } from '../support/fresh-runtime';

const open = () => BidiSession.open({ endpointName: 'echo', client, retry: false });

describe('a Node stream', () => {
  test('of bytes takes part in a pipeline, every byte in order', async () => {
    const chunks = Array.from({ length: 200 }, (_, index) => Buffer.alloc(index * 7, index));
    const received: Buffer[] = [];
    const session = await open();
    await pipeline(Readable.from(chunks, { objectMode: false }), sessionDuplex(session), async source => {
      for await (const chunk of source) received.push(chunk as Buffer);
    });
    expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
    expect(fake.streams[0]!.inputEnded).toBe(true);
  });

  test('of messages keeps text and bytes apart', async () => {
    const duplex = sessionDuplex(await open(), { objectMode: true });
    const received: Message[] = [];
    duplex.write('text');
    duplex.write(new Uint8Array([1, 2]));
    duplex.end();
    for await (const message of duplex) received.push(message);
    expect(received).toEqual(['text', new Uint8Array([1, 2])]);
  });

  test('ends with the error of the session', async () => {
    fake.behaviour = async stream => {
      stream.respond();
      await delay(10);
      stream.reset(2);
    };
    const duplex = sessionDuplex(await open());
    await expect(
      pipeline(duplex, async source => {
        for await (const _chunk of source);
      }),
    ).rejects.toThrow(StreamInterruptedError);
  });

  test('that is destroyed aborts the session', async () => {
    const session = await open();
    const reason = new Error('enough');
    const duplex = sessionDuplex(session).on('error', () => undefined);
    duplex.destroy(reason);
    await expect(session.send('more')).rejects.toBe(reason);
  });

  test('holds back a writer that is faster than the model', async () => {
    fake.behaviour = stream => stream.respond();
    const session = await open();
    const duplex = sessionDuplex(session).on('error', () => undefined);
    let written = 0;
    const source = new Readable({
      read() {
        written += 1;
        this.push(Buffer.alloc(64 * 1024));
      },
    });
    source.pipe(duplex);
    await delay(250);
    expect(written).toBeLessThan(150);
    duplex.destroy();
    source.destroy();
  });
});

describe('Web streams', () => {
  test('carry messages both ways', async () => {
    const { readable, writable } = sessionWebStreams(await open());
    const writer = writable.getWriter();
    await writer.write('text');
    await writer.write(new Uint8Array([1, 2]));
    await writer.close();
    const received: Message[] = [];
    for await (const message of readable) received.push(message);
    expect(received.map(message => (typeof message === 'string' ? message : [...message]))).toEqual(['text', [1, 2]]);
  });

  test('abort the session when they are cancelled', async () => {
    const session = await open();
    const reason = new Error('enough');
    await sessionWebStreams(session).readable.cancel(reason);
    await expect(session.send('more')).rejects.toBe(reason);
  });
});
