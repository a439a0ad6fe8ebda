import { once } from 'node:events';
import { BidiSession, InvalidRequestError, StreamInterruptedError } from '../../../lib/client';
import { MessageAssembler } from '../../../lib/client/session/message-assembler';
import { EVENT_LIMIT_BYTES } from '../../../lib/client/stream/response-body';
import { CompletionState, DataType } from '../../../lib/contract';
import { failure } from '../support/failure';
import { client, fake } from '../support/fresh-runtime';

const open = () => BidiSession.open({ endpointName: 'echo', client, retry: false });

test.each([
  ['4 GiB', 0xffff_ffff],
  ['a byte over the limit', EVENT_LIMIT_BYTES + 1],
  ['no event at all', 15],
])('an event that claims %s is refused before it is allocated', async (_what, length) => {
  fake.behaviour = async stream => {
    stream.respond();
    const prelude = Buffer.alloc(4);
    prelude.writeUInt32BE(length);
    await stream.write(prelude.subarray(0, 1));
    await stream.write(prelude.subarray(1));
  };
  const before = process.memoryUsage().arrayBuffers;
  const error = await failure((await open()).receive());
  expect(error).toBeInstanceOf(StreamInterruptedError);
  expect(error.what).toContain(`an event claims to be ${length} bytes long`);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
});

test('a stream that ends within the length of an event was cut', async () => {
  fake.behaviour = async stream => {
    stream.respond();
    await stream.send('whole', 'UTF8');
    await stream.write(Buffer.from([0, 0]));
    stream.end();
  };
  const session = await open();
  expect(await session.receive()).toBe('whole');
  expect(await failure(session.receive())).toBeInstanceOf(StreamInterruptedError);
});

test('an error body without end is cut, and the status tells what it tells', async () => {
  let written = 0;
  fake.behaviour = async stream => {
    stream.raw.respond({ ':status': 400, 'content-type': 'application/json', 'x-amzn-errortype': 'ValidationError' });
    const chunk = Buffer.alloc(256 * 1024, 'x');
    while (!stream.raw.destroyed && written < 64 * 1024 * 1024) {
      written += chunk.length;
      if (!stream.raw.write(chunk)) {
        await Promise.race([once(stream.raw, 'drain'), once(stream.raw, 'close')]).catch(() => undefined);
      }
    }
  };
  const error = await failure(open());
  expect(error).toBeInstanceOf(InvalidRequestError);
  expect(error.httpStatusCode).toBe(400);
  expect(written).toBeLessThan(8 * 1024 * 1024);
});

test('a reset without an error code is no orderly end, also after the input has ended', async () => {
  fake.behaviour = async stream => {
    stream.respond();
    for await (const part of stream.parts()) await stream.send(part.data, part.dataType);
    stream.reset(0);
  };
  const session = await open();
  await session.send('one');
  await session.closeInput();
  expect(await session.receive()).toBe('one');
  const error = await failure(session.receive());
  expect(error).toBeInstanceOf(StreamInterruptedError);
  expect(error.what).toContain('reset (code 0)');
});

test('fragments of one message are bounded in number, empty ones too', () => {
  const assembler = new MessageAssembler(1024);
  const empty = { data: new Uint8Array(0), dataType: DataType.BINARY, completionState: CompletionState.PARTIAL };
  for (let index = 0; index < 100_000; index += 1) assembler.add(empty);
  expect(() => assembler.add(empty)).toThrow('A message has more than 100000 fragments.');
});
