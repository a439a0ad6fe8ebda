import { FrameJoiner } from '../../../lib/local/stream/frame-joiner';
import { Opcode } from '../../../lib/wire/frame';

const part = (payload: string | Buffer, opcode: number = Opcode.CONTINUATION, fin = false) => ({
  opcode,
  fin,
  payload: Buffer.from(payload),
});

test('joins fragments to one frame of the type of the first, and begins anew', () => {
  const joiner = new FrameJoiner();
  for (const [opcode, words] of [
    [Opcode.TEXT, ['one, ', '', 'two']],
    [Opcode.BINARY, ['a', 'b']],
  ] as const) {
    expect(words.map((word, index) => joiner.join(part(word, index === 0 ? opcode : Opcode.CONTINUATION)))).toEqual(
      words.map(() => undefined),
    );
    const { payload, ...frame } = joiner.join(part('!', Opcode.CONTINUATION, true))!;
    expect({ ...frame, payload: String(payload) }).toEqual({ opcode, fin: true, payload: `${words.join('')}!` });
  }
});

test.each([
  ['empty fragments hold nothing', Buffer.alloc(0)],
  ['fragments of one byte hold their bytes', Buffer.alloc(1, 120)],
])('%s, however many come', (_, payload) => {
  const joiner = new FrameJoiner();
  const held = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  joiner.join(part(payload, Opcode.BINARY));
  const before = held();
  const frame = part(payload);
  for (let index = 0; index < 1_000_000; index += 1) joiner.join(frame);
  expect(held() - before).toBeLessThan(16 * 1024 * 1024); // a million objects would be 100 MiB
});

test('a message over the limit of an event is refused', () => {
  const joiner = new FrameJoiner();
  const megabyte = part(Buffer.alloc(1 << 20), Opcode.BINARY);
  expect(() => {
    for (let index = 0; index < 25; index += 1) joiner.join(megabyte);
  }).toThrow('A message has more than');
});
