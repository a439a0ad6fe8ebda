import type { Message } from '@smithy/types';
import {
  EventToFrameMapper,
  FrameSequenceError,
  FrameToEventMapper,
  InvalidEventError,
} from '../../../lib/local/stream/frame-mapping';
import { Opcode } from '../../../lib/wire/frame';
import { strings } from '../support/signed-stream';

const payload = Buffer.from('bytes');

function part(headers: Record<string, string>): Message {
  return { headers: strings({ ':message-type': 'event', ':event-type': 'PayloadPart', ...headers }), body: payload };
}

describe('from events to frames', () => {
  test.each([
    [{}, Opcode.BINARY, true],
    [{ DataType: 'BINARY' }, Opcode.BINARY, true],
    [{ DataType: 'UTF8' }, Opcode.TEXT, true],
    [{ DataType: 'UTF8', CompletionState: 'COMPLETE' }, Opcode.TEXT, true],
    [{ DataType: 'UTF8', CompletionState: 'PARTIAL' }, Opcode.TEXT, false],
    [{ CompletionState: 'PARTIAL', P: 'padding' }, Opcode.BINARY, false],
  ])('%j', (headers, opcode, fin) => {
    const frame = new EventToFrameMapper().map(part(headers));
    expect(frame).toEqual({ opcode, fin, payload });
    expect(frame.payload).toBe(payload);
  });

  test('a fragmented message begins with its type and goes on with continuations, whatever type the later parts name', () => {
    const mapper = new EventToFrameMapper();
    const frames = [
      part({ DataType: 'UTF8', CompletionState: 'PARTIAL' }),
      part({ DataType: 'BINARY', CompletionState: 'PARTIAL' }),
      part({ DataType: 'UTF8' }),
      part({}),
    ].map(event => mapper.map(event));
    expect(frames.map(({ opcode, fin }) => [opcode, fin])).toEqual([
      [Opcode.TEXT, false],
      [Opcode.CONTINUATION, false],
      [Opcode.CONTINUATION, true],
      [Opcode.BINARY, true],
    ]);
  });

  test.each([
    [{ ':event-type': 'SomethingElse' }],
    [{ ':message-type': 'exception' }],
    [{ DataType: 'UTF16' }],
    [{ DataType: 'toString' }],
    [{ CompletionState: 'DONE' }],
  ])('refuses %j', headers => {
    expect(() => new EventToFrameMapper().map(part(headers))).toThrow(InvalidEventError);
  });

  test('refuses a header of another type', () => {
    const event = part({});
    event.headers.DataType = { type: 'integer', value: 1 };
    expect(() => new EventToFrameMapper().map(event)).toThrow('must be a string');
  });
});

describe('from frames to events', () => {
  test('a whole message', () => {
    const mapper = new FrameToEventMapper();
    expect(mapper.map({ opcode: Opcode.TEXT, fin: true, payload })).toEqual({
      dataType: 'UTF8',
      completionState: 'COMPLETE',
      payload,
    });
    expect(mapper.map({ opcode: Opcode.BINARY, fin: true, payload }).dataType).toBe('BINARY');
  });

  test('a fragmented message keeps its type to the end', () => {
    const mapper = new FrameToEventMapper();
    const events = [
      { opcode: Opcode.TEXT, fin: false, payload },
      { opcode: Opcode.CONTINUATION, fin: false, payload },
      { opcode: Opcode.CONTINUATION, fin: true, payload },
      { opcode: Opcode.BINARY, fin: false, payload },
      { opcode: Opcode.CONTINUATION, fin: true, payload },
    ].map(frame => mapper.map(frame));
    expect(events.map(({ dataType, completionState }) => `${dataType} ${completionState}`)).toEqual([
      'UTF8 PARTIAL',
      'UTF8 PARTIAL',
      'UTF8 COMPLETE',
      'BINARY PARTIAL',
      'BINARY COMPLETE',
    ]);
  });

  test('refuses what RFC 6455 does not allow', () => {
    const inside = new FrameToEventMapper();
    inside.map({ opcode: Opcode.TEXT, fin: false, payload });
    expect(() => inside.map({ opcode: Opcode.TEXT, fin: true, payload })).toThrow(FrameSequenceError);
    expect(() => new FrameToEventMapper().map({ opcode: Opcode.CONTINUATION, fin: true, payload })).toThrow(
      FrameSequenceError,
    );
    for (const opcode of [3, 4, 5, 6, 7]) {
      expect(() => new FrameToEventMapper().map({ opcode, fin: true, payload })).toThrow(FrameSequenceError);
    }
  });
});
