import type { ByteReader } from './byte-reader';
import { frameBytes, type WavFormat } from './wav-format';

/** A stream of samples, with its format and length. */
export interface SampleStream {
  readonly format: WavFormat;
  /** Length of the samples that the header promises, in bytes; `undefined` where it does not tell. */
  readonly dataBytes: number | undefined;
  /** The samples, untouched, in pieces of whole frames. Ends the reader's source with it. */
  readonly samples: AsyncIterable<Buffer>;
  /**
   * Bytes that were promised and did not come, and those of a last frame cut in two. Known when the samples have ended; 0 before,
   * and where the reader stopped early.
   */
  readonly missingBytes: () => number;
}

/** The reader's next bytes as samples, up to the promised length. */
export function sampleStream(reader: ByteReader, format: WavFormat, dataBytes: number | undefined): SampleStream {
  let missing = 0;
  async function* wholeFrames(): AsyncGenerator<Buffer, void> {
    const frame = frameBytes(format);
    let carry: Buffer | undefined;
    let received = 0;
    try {
      for await (const piece of reader.pieces(dataBytes)) {
        received += piece.length;
        const bytes: Buffer = carry ? Buffer.concat([carry, piece]) : piece;
        const whole = bytes.length - (bytes.length % frame);
        carry = whole < bytes.length ? bytes.subarray(whole) : undefined;
        if (whole > 0) yield bytes.subarray(0, whole);
      }
      missing = (dataBytes === undefined ? 0 : dataBytes - received) + (carry?.length ?? 0);
    } finally {
      await reader.release();
    }
  }
  return {
    format,
    dataBytes,
    samples: wholeFrames(),
    missingBytes: () => missing,
  };
}
