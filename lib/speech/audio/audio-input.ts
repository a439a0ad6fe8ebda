import { AudioFormatError } from './audio-format-error';
import { ByteReader } from './byte-reader';
import { toLinear16 } from './linear16';
import { type SampleStream, sampleStream } from './sample-stream';
import { describeFormat, frameBytes, type SampleCodec, type WavFormat } from './wav-format';
import { isWav, readWav } from './wav-reader';

/** Codings of bare samples, in Deepgram's words for its `encoding` parameter. */
export type RawEncoding = 'linear16' | 'mulaw' | 'alaw';

/** Format of audio without a header. */
export interface RawAudio {
  /** Coding of one sample: 16-bit signed little-endian PCM, or G.711 µ-law or A-law. */
  readonly encoding: RawEncoding;
  /** Samples a second, of each channel. */
  readonly sampleRate: number;
  /** @default 1 */
  readonly channels?: number;
}

/** How audio is read, and the formats that the receiver takes. */
export interface AudioInputOptions {
  /**
   * Format of an input without a header.
   *
   * @default - the first bytes of the input tell its format
   */
  readonly raw?: RawAudio;
  /**
   * Whether the receiver takes G.711 samples as they are; where not, they are turned into linear16.
   *
   * @default true
   */
  readonly g711?: boolean;
  /**
   * Whether the receiver takes containers other than WAV (Ogg, WebM, FLAC, MP3 ...) and reads them itself.
   *
   * @default true
   */
  readonly containers?: boolean;
  /**
   * Keep channels apart instead of averaging them.
   *
   * @default false
   */
  readonly multichannel?: boolean;
  /**
   * Length of the whole input in bytes, where it is known (a file).
   *
   * @default - unknown
   */
  readonly totalBytes?: number;
}

/** Audio ready to be streamed. */
export interface AudioInput {
  /** For people: `16 kHz mono, 16-bit PCM`. */
  readonly description: string;
  /** How the samples are coded; `undefined` for a container that goes through unparsed, with nothing known about its contents. */
  readonly raw: Required<RawAudio> | undefined;
  /** Bytes of one second of {@link chunks}; `undefined` for a container. */
  readonly bytesPerSecond: number | undefined;
  /** Bytes of one sample of every channel; `undefined` for a container. */
  readonly frameBytes: number | undefined;
  /** Length of the audio, where the input tells it. */
  readonly seconds: number | undefined;
  /** The audio. Pieces are views into the input and may be of any length. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /**
   * Seconds of audio that the header promised and the input did not have. Known when {@link chunks} has ended; 0 before, and where
   * the reader stopped early.
   */
  readonly missingSeconds: () => number;
}

const ENCODING_CODECS: Readonly<Record<RawEncoding, SampleCodec>> = { linear16: 'pcm', mulaw: 'mulaw', alaw: 'alaw' };

/** Containers that go through unparsed, by their first twelve bytes. */
const CONTAINERS: readonly { readonly name: string; readonly matches: (head: string) => boolean }[] = [
  { name: 'Ogg', matches: head => head.startsWith('OggS') },
  { name: 'WebM or Matroska', matches: head => head.startsWith('\x1a\x45\xdf\xa3') },
  { name: 'FLAC', matches: head => head.startsWith('fLaC') },
  { name: 'MP3', matches: head => /^(ID3|\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd])/.test(head) },
  { name: 'AAC', matches: head => /^\xff[\xf0\xf1\xf8\xf9]/.test(head) },
  { name: 'MP4', matches: head => head.startsWith('ftyp', 4) },
  { name: 'AMR', matches: head => head.startsWith('#!AMR') },
  { name: 'AIFF', matches: head => head.startsWith('FORM') && head.startsWith('AIF', 8) },
  { name: 'AU', matches: head => head.startsWith('.snd') },
];

/**
 * Finds out the format of an input and prepares it for streaming: WAV of any kind is taken out of its file and, where the receiver
 * does not take it as it is, turned into linear16; raw samples and other containers pass through untouched.
 *
 * @throws AudioFormatError when the input is empty, a WAV file that cannot be read, or nothing that is known.
 */
export async function readAudio(
  source: AsyncIterable<Uint8Array>,
  options: AudioInputOptions = {},
): Promise<AudioInput> {
  const reader = new ByteReader(source);
  try {
    const head = await reader.peek(12);
    if (head.length === 0) throw empty();
    if (options.raw) return samplesInput(sampleStream(reader, rawFormat(options.raw), undefined), reader, options);
    if (isWav(head)) {
      const input = await readWav(reader);
      if (input.dataBytes === 0 || (await reader.peek(1)).length === 0) throw empty();
      return samplesInput(input, reader, options);
    }
    return containerInput(reader, head, options.containers ?? true);
  } catch (error) {
    await reader.release();
    throw error;
  }
}

function samplesInput(input: SampleStream, reader: ByteReader, options: AudioInputOptions): AudioInput {
  const { format } = input;
  const presentBytes = (options.totalBytes ?? Number.POSITIVE_INFINITY) - reader.position;
  const dataBytes = Math.min(input.dataBytes ?? Number.POSITIVE_INFINITY, presentBytes);
  const channels = options.multichannel ? format.channels : 1;
  const native = nativeEncoding(format);
  const asIs =
    channels === format.channels && (native === 'linear16' || (native !== undefined && options.g711 !== false));
  const encoding = asIs && native ? native : 'linear16';
  const bytes = channels * (encoding === 'linear16' ? 2 : 1);
  const seconds = (length: number) => length / frameBytes(format) / format.sampleRate;
  return {
    description: describeFormat(format),
    raw: { encoding, sampleRate: format.sampleRate, channels },
    bytesPerSecond: format.sampleRate * bytes,
    frameBytes: bytes,
    seconds: Number.isFinite(dataBytes) ? seconds(dataBytes) : undefined,
    chunks: asIs ? input.samples : toLinear16(input.samples, format, !options.multichannel),
    missingSeconds: () => seconds(input.missingBytes()),
  };
}

/** Bare samples are read as if they were the inside of a WAV file. */
function rawFormat({ encoding, sampleRate, channels = 1 }: RawAudio): WavFormat {
  const codec = ENCODING_CODECS[encoding];
  return { codec, sampleRate, channels, bytesPerSample: codec === 'pcm' ? 2 : 1 };
}

function nativeEncoding({ codec, bytesPerSample }: WavFormat): RawEncoding | undefined {
  if (codec === 'mulaw' || codec === 'alaw') return codec;
  return codec === 'pcm' && bytesPerSample === 2 ? 'linear16' : undefined;
}

function containerInput(reader: ByteReader, head: Buffer, accepted: boolean): AudioInput {
  const text = head.toString('latin1');
  const name = CONTAINERS.find(({ matches }) => matches(text))?.name;
  if (!name) throw unknown();
  if (!accepted) throw refused(name);
  return {
    description: name,
    raw: undefined,
    bytesPerSecond: undefined,
    frameBytes: undefined,
    seconds: undefined,
    chunks: released(reader),
    missingSeconds: () => 0,
  };
}

async function* released(reader: ByteReader): AsyncGenerator<Uint8Array, void> {
  try {
    yield* reader.pieces();
  } finally {
    await reader.release();
  }
}

function empty(): AudioFormatError {
  return new AudioFormatError({
    what: 'The input holds no audio: it ended before its first sample.',
    why: 'The file is empty, or the program that writes to the pipe ended at once.',
    next: 'Look at what that program printed, or choose another file.',
  });
}

function unknown(): AudioFormatError {
  return new AudioFormatError({
    what: 'The input is no kind of audio file that is known here.',
    why: 'Bare samples without a header do not say what they are.',
    next: 'Say it: --encoding linear16 --sample-rate 16000 (or what it was recorded with).',
  });
}

function refused(container: string): AudioFormatError {
  return new AudioFormatError({
    what: `The input is ${container}; this model takes bare samples.`,
    why: 'The receiver needs encoding and sample rate at the start, and these containers do not tell them without being decoded.',
    next: 'Convert it first: ffmpeg -i input -ac 1 -ar 16000 -c:a pcm_s16le output.wav',
  });
}
