import { AudioFormatError } from './audio-format-error';
import type { ByteReader } from './byte-reader';
import { type SampleStream, sampleStream } from './sample-stream';
import { parseFormat, type WavFormat } from './wav-format';

/** Chunk sizes that mean "until the end": a writer that could not go back, or was interrupted, left them. */
const OPEN_SIZE = 0xffffffff;

/** From here on a size is a placeholder too: SoX writes 0x7FFFF000 and a little less or more when it writes to a pipe. */
const PLACEHOLDER_SIZE = 0x7fff_0000;

/** Longest `fmt ` chunk that makes sense, in bytes: longer means that the file is damaged. */
const FORMAT_CHUNK_LIMIT = 4_096;

/** Whether these first twelve bytes open a WAV file (RIFF or its 64-bit form, RF64). */
export function isWav(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  return /^(RIFF|RF64|BW64).{4}WAVE/s.test(text);
}

/**
 * Reads a WAV file's header up to its samples, and then the samples as they come.
 *
 * Chunks may stand in any order as long as the format comes before the samples; unknown ones are passed over, padding
 * included. A length of 0 or 0xFFFFFFFF, as writers to a pipe leave it, means until the end of the stream; a file that ends
 * early gives what it has.
 *
 * Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0"; EBU Tech 3306 (RF64).
 *
 * @throws AudioFormatError when there is no format or no sample chunk, or the format is none that is read here.
 */
export async function readWav(reader: ByteReader): Promise<SampleStream> {
  const head = await reader.read(12);
  if (!isWav(head)) throw damaged('it does not begin with RIFF and WAVE');
  const riffBytes = head.readUInt32LE(4);
  let format: WavFormat | undefined;
  let longDataBytes: number | undefined;
  for (;;) {
    const { name, size } = await readChunkHead(reader);
    switch (name) {
      case 'fmt ':
        format = await readFormat(reader, size);
        break;
      case 'ds64':
        longDataBytes = await readLongSize(reader, size);
        break;
      case 'data':
        if (!format) throw damaged('its samples come before their format');
        return sampleStream(reader, format, sampleBytes(size, longDataBytes, riffBytes, reader.position));
      default:
        await reader.skip(padded(size));
    }
  }
}

async function readChunkHead(reader: ByteReader): Promise<{ name: string; size: number }> {
  const head = await reader.read(8);
  if (head.length < 8) throw damaged('it ends before its samples');
  return { name: head.toString('latin1', 0, 4), size: head.readUInt32LE(4) };
}

async function readFormat(reader: ByteReader, size: number): Promise<WavFormat> {
  if (size > FORMAT_CHUNK_LIMIT) throw damaged(`its format chunk claims ${size} bytes`);
  const format = parseFormat(await reader.read(size));
  await reader.skip(padded(size) - size);
  return format;
}

/** The 64-bit length of the samples, where the chunk has room for it. */
async function readLongSize(reader: ByteReader, size: number): Promise<number | undefined> {
  if (size < 16) {
    await reader.skip(padded(size));
    return undefined;
  }
  const sizes = await reader.read(16);
  await reader.skip(padded(size) - 16);
  return Number(sizes.readBigUInt64LE(8));
}

/** A chunk of an odd length is followed by one byte of padding. */
function padded(size: number): number {
  return size + (size % 2);
}

/** The length of the samples where the header knows it. */
function sampleBytes(
  size: number,
  longDataBytes: number | undefined,
  riffBytes: number,
  position: number,
): number | undefined {
  if (longDataBytes !== undefined && size === OPEN_SIZE) return longDataBytes;
  if (size >= PLACEHOLDER_SIZE) return undefined;
  // Zero is an empty recording only where the file's own length says that other chunks follow; else it was never filled in.
  if (size === 0 && (riffBytes === OPEN_SIZE || riffBytes + 8 <= position)) return undefined;
  return size;
}

function damaged(fault: string): AudioFormatError {
  return new AudioFormatError({
    what: `The WAV file cannot be read: ${fault}.`,
    why: 'It is damaged or was cut off while it was written.',
    next: 'Check it with ffprobe or soxi, or record it again.',
  });
}
