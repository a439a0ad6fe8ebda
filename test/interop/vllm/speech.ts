import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../tool-directory';

/** Offset of the samples in the repository's recording: a plain 44-byte WAV header of 16 kHz, 16-bit, mono. */
const HEADER_BYTES = 44;

const BYTES_PER_SECOND = 32_000;

/** The repository's recording, over and over, in pieces: 16 kHz, 16-bit, mono. */
export function* pcm(seconds: number, pieceBytes: number): Generator<Uint8Array> {
  const samples = readFileSync(join(REPOSITORY, 'examples', 'sample.wav')).subarray(HEADER_BYTES);
  const whole = samples.subarray(0, samples.length - (samples.length % pieceBytes));
  for (let sent = 0; sent < seconds * BYTES_PER_SECOND; sent += pieceBytes) {
    const start = sent % whole.length;
    yield whole.subarray(start, start + pieceBytes);
  }
}
