import { decodeAlaw, decodeMulaw } from './g711';
import { frameBytes, type WavFormat } from './wav-format';

/** Reads one sample as a signed 16-bit number. */
type SampleReader = (bytes: Buffer, offset: number) => number;

/**
 * Turns samples of any width into signed 16-bit little-endian ones, as Deepgram's `encoding=linear16` wants them.
 *
 * Wider samples are rounded, not cut; float is clipped to the range. With `mono`, channels are averaged.
 * Samples that are linear16 already pass through without a copy.
 *
 * @param samples pieces of whole frames.
 */
export async function* toLinear16(
  samples: AsyncIterable<Buffer>,
  format: WavFormat,
  mono: boolean,
): AsyncGenerator<Buffer, void> {
  const mixed = mono && format.channels > 1;
  if (!mixed && format.codec === 'pcm' && format.bytesPerSample === 2) {
    yield* samples;
    return;
  }
  const read = sampleReader(format);
  const { bytesPerSample, channels } = format;
  for await (const piece of samples) {
    yield mixed ? mix(piece, read, bytesPerSample, channels) : narrow(piece, read, bytesPerSample);
  }

  function narrow(piece: Buffer, readSample: SampleReader, width: number): Buffer {
    const out = Buffer.allocUnsafe((piece.length / width) * 2);
    for (let offset = 0, to = 0; offset < piece.length; offset += width, to += 2) {
      out.writeInt16LE(readSample(piece, offset), to);
    }
    return out;
  }

  function mix(piece: Buffer, readSample: SampleReader, width: number, count: number): Buffer {
    const out = Buffer.allocUnsafe((piece.length / frameBytes(format)) * 2);
    let offset = 0;
    for (let to = 0; to < out.length; to += 2) {
      let sum = 0;
      for (let channel = 0; channel < count; channel += 1, offset += width) sum += readSample(piece, offset);
      out.writeInt16LE(Math.round(sum / count), to);
    }
    return out;
  }
}

function sampleReader({ codec, bytesPerSample }: WavFormat): SampleReader {
  switch (codec) {
    case 'mulaw':
      return (bytes, offset) => decodeMulaw(bytes[offset]!);
    case 'alaw':
      return (bytes, offset) => decodeAlaw(bytes[offset]!);
    case 'float':
      return bytesPerSample === 4
        ? (bytes, offset) => fromUnit(bytes.readFloatLE(offset))
        : (bytes, offset) => fromUnit(bytes.readDoubleLE(offset));
    case 'pcm':
      switch (bytesPerSample) {
        case 1:
          return (bytes, offset) => (bytes[offset]! - 128) << 8; // 8-bit PCM is the one that is unsigned
        case 2:
          return (bytes, offset) => bytes.readInt16LE(offset);
        case 3:
          return (bytes, offset) => Math.min(0x7fff, (bytes.readIntLE(offset, 3) + 0x80) >> 8);
        default:
          return (bytes, offset) => Math.min(0x7fff, Math.round(bytes.readInt32LE(offset) / 0x10000));
      }
  }
}

/** -1…1 to the 16-bit range, clipped; not-a-number is silence. */
function fromUnit(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-0x8000, Math.min(0x7fff, Math.round(value * 0x8000)));
}
