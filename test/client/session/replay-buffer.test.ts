import fc from 'fast-check';
import { ReplayBuffer } from '../../../lib/client/session/replay-buffer';
import { CompletionState, DataType } from '../../../lib/contract';

const binary = (data: number[] | Uint8Array, final = true) => ({
  data: Uint8Array.from(data),
  dataType: DataType.BINARY,
  completionState: final ? CompletionState.COMPLETE : CompletionState.PARTIAL,
});
const text = (data: string) => ({
  data: Buffer.from(data),
  dataType: DataType.UTF8,
  completionState: CompletionState.COMPLETE,
});
const held = (buffer: ReplayBuffer) =>
  [...buffer.fragments()].map(fragment => Buffer.from(fragment.data).toString('latin1'));

test('holds copies', () => {
  const buffer = new ReplayBuffer(100);
  const data = Buffer.from('abc');
  buffer.append({ ...binary([]), data });
  data.fill('x');
  expect(held(buffer)).toEqual(['abc']);
});

test('forgets whole messages by count, fragments together', () => {
  const buffer = new ReplayBuffer(100);
  buffer.append(binary([65], false));
  buffer.append(binary([66]));
  buffer.append(text('C'));
  expect(buffer.acknowledge({ messages: 1 })).toBe(true);
  expect(held(buffer)).toEqual(['C']);
  expect(buffer.acknowledged).toEqual({ messages: 1, binaryBytes: 2 });
  expect(buffer.acknowledge({ messages: 1 })).toBe(false);
  expect(buffer.acknowledge({ messages: 9 })).toBe(true);
  expect(buffer.isOutstanding).toBe(false);
  expect(buffer.heldBytes).toBe(0);
});

test('forgets audio by bytes, and the text that came before it', () => {
  const buffer = new ReplayBuffer(100);
  buffer.append(text('configure'));
  buffer.append(binary([1, 2, 3, 4]));
  buffer.append(text('finalize'));
  buffer.append(binary([5, 6]));
  buffer.acknowledge({ binaryBytes: 3 });
  expect(held(buffer)).toEqual(['\x04', 'finalize', '\x05\x06']);
  buffer.acknowledge({ binaryBytes: 4 });
  expect(held(buffer)).toEqual(['finalize', '\x05\x06']);
  buffer.acknowledge({ binaryBytes: 5 });
  expect(held(buffer)).toEqual(['\x06']);
  expect(buffer.heldBytes).toBe(1);
});

test('gives up the oldest messages over the limit, whole, and counts them when they are missed', () => {
  const buffer = new ReplayBuffer(5);
  buffer.append(binary([1, 1], false));
  buffer.append(binary([1, 1]));
  buffer.append(binary([2, 2, 2]));
  expect(held(buffer)).toEqual(['\x02\x02\x02']);
  expect(buffer.abandon()).toEqual({ messages: 1, bytes: 4 });
  expect(buffer.acknowledged).toEqual({ messages: 1, binaryBytes: 4 });
  expect(buffer.abandon()).toEqual({ messages: 0, bytes: 0 });
});

test('a message over the limit by itself is given up with all of its fragments', () => {
  const buffer = new ReplayBuffer(3);
  buffer.append(binary([1, 1, 1, 1], false));
  buffer.append(binary([1]));
  buffer.append(binary([2]));
  expect(held(buffer)).toEqual(['\x02']);
  expect(buffer.abandon()).toEqual({ messages: 1, bytes: 5 });
});

test('what was given up and acknowledged after all is not missed', () => {
  const buffer = new ReplayBuffer(2);
  for (const value of [1, 2, 3]) buffer.append(binary([value, value]));
  buffer.acknowledge({ messages: 2 });
  expect(buffer.abandon()).toEqual({ messages: 0, bytes: 0 });
  expect(held(buffer)).toEqual(['\x03\x03']);
});

test('acknowledged, held and missed bytes are all that was sent (any input)', () => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.array(
        fc.oneof(fc.record({ put: fc.uint8Array({ maxLength: 12 }) }), fc.record({ acknowledge: fc.nat(120) })),
        { maxLength: 40 },
      ),
      (limit, steps) => {
        const buffer = new ReplayBuffer(limit);
        const sent: number[] = [];
        let acknowledged = 0;
        for (const step of steps) {
          if ('put' in step) {
            buffer.append(binary(step.put));
            sent.push(...step.put);
          } else {
            acknowledged = Math.max(acknowledged, Math.min(step.acknowledge, sent.length));
            buffer.acknowledge({ binaryBytes: step.acknowledge });
          }
          expect(buffer.heldBytes).toBeLessThanOrEqual(limit);
        }
        const { bytes: missed } = buffer.abandon();
        const rest = [...buffer.fragments()].flatMap(fragment => [...fragment.data]);
        expect(rest.length).toBe(buffer.heldBytes);
        expect(acknowledged + missed + rest.length).toBe(sent.length);
        expect(rest).toEqual(sent.slice(sent.length - rest.length));
      },
    ),
  );
});
