import { AudioFormatError } from './audio-format-error';

/** How the samples of a WAV file are coded. */
export type SampleCodec = 'pcm' | 'float' | 'mulaw' | 'alaw';

/** The fields of a WAV file's `fmt ` chunk. */
export interface WavFormat {
  /** How a sample is coded. */
  readonly codec: SampleCodec;
  /** Samples a second, of each channel. */
  readonly sampleRate: number;
  /** Channels whose samples alternate: at least 1. */
  readonly channels: number;
  /** Bytes that one sample of one channel takes: 1 to 4, or 8 for a double. */
  readonly bytesPerSample: number;
}

/** Bytes of one sample of every channel. */
export function frameBytes(format: WavFormat): number {
  return format.channels * format.bytesPerSample;
}

/** Format codes of `WAVEFORMATEX.wFormatTag`. Source: Microsoft, `mmreg.h`; RFC 2361. */
export const FormatTag = { PCM: 1, FLOAT: 3, ALAW: 6, MULAW: 7, EXTENSIBLE: 0xfffe } as const;

/** The codec's own name of each tag that cannot be read here, for the message. */
const OTHER_TAGS: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  64: 'G.721 ADPCM',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
};

/** Bytes 2 to 15 of a `SubFormat` that carries a plain format tag. Source: Microsoft, `KSDATAFORMAT_SUBTYPE_WAVEFORMATEX`. */
const SUBFORMAT_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');

/** Widths, in bytes, that a sample of each codec may have. */
const SAMPLE_WIDTHS: Readonly<Record<SampleCodec, readonly number[]>> = {
  pcm: [1, 2, 3, 4],
  float: [4, 8],
  mulaw: [1],
  alaw: [1],
};

/**
 * Reads the body of a `fmt ` chunk: `WAVEFORMAT`, `WAVEFORMATEX` or `WAVEFORMATEXTENSIBLE`.
 *
 * @throws AudioFormatError when it is too short, of a codec that is not read here, or contradicts itself.
 */
export function parseFormat(chunk: Buffer): WavFormat {
  if (chunk.length < 16) throw contradiction(`its format chunk has ${chunk.length} bytes; at least 16 are needed`);
  const tag = formatTag(chunk);
  const codec = codecOf(tag);
  const channels = chunk.readUInt16LE(2);
  const sampleRate = chunk.readUInt32LE(4);
  const blockAlign = chunk.readUInt16LE(12);
  if (channels === 0) throw contradiction('its format chunk names no channel');
  if (sampleRate === 0) throw contradiction('its format chunk names no sample rate');
  // The width a sample takes is the frame's, not `wBitsPerSample`: 12 valid bits stand left-justified in two bytes.
  const bytesPerSample = blockAlign / channels;
  if (!SAMPLE_WIDTHS[codec].includes(bytesPerSample)) {
    throw contradiction(`it has ${blockAlign} bytes a frame for ${channels} channel(s) of ${codec} samples`);
  }
  return { codec, sampleRate, channels, bytesPerSample };
}

/** For people: `16 kHz mono, 16-bit PCM`. */
export function describeFormat({ codec, sampleRate, channels, bytesPerSample }: WavFormat): string {
  const layout = channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;
  const bits = bytesPerSample * 8;
  const samples = { pcm: `${bits}-bit PCM`, float: `${bits}-bit float`, mulaw: 'µ-law', alaw: 'A-law' }[codec];
  return `${sampleRate / 1_000} kHz ${layout}, ${samples}`;
}

function formatTag(chunk: Buffer): number {
  const tag = chunk.readUInt16LE(0);
  if (tag !== FormatTag.EXTENSIBLE) return tag;
  if (chunk.length < 40) throw contradiction('its extensible format chunk is cut short');
  if (!chunk.subarray(26, 40).equals(SUBFORMAT_TAIL)) {
    throw unreadable(`a codec of its own (SubFormat ${chunk.subarray(24, 40).toString('hex')})`);
  }
  return chunk.readUInt16LE(24);
}

function codecOf(tag: number): SampleCodec {
  switch (tag) {
    case FormatTag.PCM:
      return 'pcm';
    case FormatTag.FLOAT:
      return 'float';
    case FormatTag.ALAW:
      return 'alaw';
    case FormatTag.MULAW:
      return 'mulaw';
    default:
      throw unreadable(OTHER_TAGS[tag] ?? `format tag ${tag}`);
  }
}

function unreadable(codec: string): AudioFormatError {
  return new AudioFormatError({
    what: `The WAV file holds ${codec}.`,
    why: 'PCM, float, µ-law and A-law samples are read here; other codecs are not.',
    next: 'Convert it first: ffmpeg -i input.wav -ac 1 -ar 16000 -c:a pcm_s16le output.wav',
  });
}

function contradiction(fault: string): AudioFormatError {
  return new AudioFormatError({
    what: `The WAV file cannot be read: ${fault}.`,
    why: 'Its header is damaged, or it is not a WAV file in spite of its first bytes.',
    next: 'Check it with ffprobe or soxi, or convert it again from its source.',
  });
}
