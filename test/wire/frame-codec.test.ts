import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { FrameError, Opcode, type ReceivedFrame } from '../../lib/wire/frame';
import { FrameDecoder, type FrameDecoderOptions } from '../../lib/wire/frame-decoder';
import { encodeCloseFrame, encodeFrame } from '../../lib/wire/frame-encoder';

// `ws` is the other side: its own classes write what is decoded here and read what is encoded here. Its types leave them out.
const { Receiver, Sender } = WebSocket as unknown as {
  Receiver: new (options: { isServer: boolean }) => Writable;
  Sender: { frame(data: Buffer, options: object): Buffer[] };
};

const LENGTHS = [0, 1, 63, 64, 65, 125, 126, 127, 65_535, 65_536, 200_001];

function decodeAll(pieces: readonly Buffer[], masking: FrameDecoderOptions['masking'] = 'forbidden'): ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  const decoder = new FrameDecoder({ payloadLimitBytes: 1 << 20, masking }, frame => frames.push(frame));
  for (const piece of pieces) decoder.write(piece);
  return frames;
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(Buffer.from(bytes.subarray(at, at + size)));
  return pieces;
}

function frameOfWs(payload: Buffer, options: object): Buffer {
  return Buffer.concat(
    Sender.frame(payload, { fin: true, opcode: Opcode.BINARY, mask: false, rsv1: false, readOnly: true, ...options }),
  );
}

describe('decoding', () => {
  test.each([1, 2, 3, 7, 1_000, 1 << 20])('what ws sends comes out whole from pieces of %d bytes', size => {
    const payloads = (size === 1 ? LENGTHS.slice(0, 8) : LENGTHS).map(length => randomBytes(length));
    const bytes = Buffer.concat(payloads.map((payload, index) => frameOfWs(payload, { fin: index % 2 === 0 })));
    const frames = decodeAll(cut(bytes, size));
    expect(frames.map(frame => frame.fin)).toEqual(payloads.map((_, index) => index % 2 === 0));
    expect(frames.every((frame, index) => frame.payload.equals(payloads[index]!))).toBe(true);
  });

  test('a masked frame is refused, or unmasked where masked frames are accepted', () => {
    const bytes = (): Buffer =>
      frameOfWs(Buffer.from('masked words, long enough for words of four bytes, sixty-four and more'), { mask: true });
    expect(() => decodeAll([bytes()])).toThrow(FrameError);
    expect(decodeAll(cut(bytes(), 5), 'either')).toMatchObject([{ isMasked: true }]);
    expect(decodeAll([bytes()], 'either')[0]!.payload.toString()).toMatch(/^masked words.*more$/);
  });

  test('an announced length costs no memory before its bytes come', () => {
    const before = process.memoryUsage().arrayBuffers;
    const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0x0f, 0xff, 0xff]);
    const decoders = Array.from({ length: 500 }, () => {
      const decoder = new FrameDecoder({ payloadLimitBytes: 1 << 20, masking: 'forbidden' }, () => {});
      decoder.write(header);
      decoder.write(Buffer.alloc(10));
      return decoder;
    });
    expect(decoders).toHaveLength(500);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024); // 500 MiB were announced
  });

  test.each([
    ['a reserved bit', [0xc2, 0], 1002, 'reserved bit'],
    ['a control frame with more than 125 bytes', [0x89, 126, 0, 126], 1002, 'more than 125 bytes'],
    ['a control frame that hides its length', [0x89, 126, 0, 2, 1, 1], 1002, 'more than 125 bytes'],
    ['a fragmented control frame', [0x09, 0], 1002, 'fragmented'],
    ['a close frame of one byte', [0x88, 1, 3], 1002, 'half a close code'],
    ['a reserved control opcode', [0x8b, 0], 1002, 'reserved opcode 11'],
    ['a frame over the limit', [0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1], 1009, '1048577 bytes'],
    ['a length of 64 bits', [0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255], 1009, 'at most 1048576'],
  ])('%s is refused', (_, bytes, closeCode, message) => {
    const decode = (): unknown => decodeAll([Buffer.from(bytes)]);
    expect(decode).toThrow(message);
    expect(decode).toThrow(expect.objectContaining({ closeCode }));
  });
});

describe('encoding', () => {
  test('ws reads every length, and only masked frames', async () => {
    const payloads = LENGTHS.map(length => randomBytes(length));
    const received: Buffer[] = [];
    const receiver = new Receiver({ isServer: true }); // refuses frames that are not masked
    receiver.on('message', (data: Buffer) => received.push(data));
    const closed = new Promise(resolve => receiver.on('conclude', resolve));
    for (const payload of payloads) receiver.write(encodeFrame({ opcode: Opcode.BINARY, fin: true, payload }));
    receiver.write(encodeFrame({ opcode: Opcode.TEXT, fin: false, payload: Buffer.from('in ') }));
    receiver.write(encodeFrame({ opcode: Opcode.CONTINUATION, fin: true, payload: Buffer.from('parts') }));
    receiver.write(encodeCloseFrame(4_321));
    expect(await closed).toBe(4_321);
    expect(received.map(String)).toEqual([...payloads.map(String), 'in parts']);
  });

  test('no two frames have the same key', () => {
    const keys = Array.from({ length: 3_000 }, () =>
      encodeFrame({ opcode: Opcode.TEXT, fin: true, payload: new Uint8Array(0) }).toString('hex', 2),
    );
    expect(new Set(keys).size).toBeGreaterThan(2_990); // 4 random bytes: a pair in 1 run of 1,000
  });
});
