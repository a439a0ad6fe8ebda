import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AudioConverter } from '../../../lib/speech/audio/audio-converter';
import { run } from '../processes';
import { TOKEN } from './stage';

/** The program skips as much of its recording. */
const WAV_HEADER_BYTES = 44;

/** A busy machine may transcribe slower than one speaks, in milliseconds. */
const TIMEOUT_MS = 3 * 60_000;

/** What OpenAI's package heard. */
export interface OpenAiResult {
  readonly transcript: string;
  readonly deltas: number;
  readonly item: string;
  readonly committed: string;
  readonly errors: readonly string[];
  /** What it was told when it asked for turn detection. */
  readonly detection: string;
}

/** Where a gateway speaks OpenAI's protocol. */
export interface OpenAiTarget {
  /** `wss://127.0.0.1:PORT/…/v1` */
  readonly url: string;
  readonly certificateFile: string;
  /** Folder of `node_modules` with the package. */
  readonly modules: string;
}

/** Transcribes one turn with OpenAI's package. @param samples of 16 kHz, 16 bits, mono */
export async function transcribeWithOpenAi(
  { url, certificateFile, modules }: OpenAiTarget,
  samples: Buffer,
  directory: string,
): Promise<OpenAiResult> {
  const converter = await AudioConverter.create({ encoding: 'linear16', sampleRate: 16_000 }, 24_000);
  const recording = join(directory, 'recording-24000.wav');
  const converted = [converter.convert(samples), converter.end()];
  writeFileSync(recording, Buffer.concat([Buffer.alloc(WAV_HEADER_BYTES), ...converted]));
  const words = [join(__dirname, 'node', 'openai.cjs'), url.replace('wss', 'https'), TOKEN, recording];
  const { stdout } = await run(process.execPath, words, {
    env: { NODE_PATH: modules, NODE_EXTRA_CA_CERTS: certificateFile },
    timeoutMs: TIMEOUT_MS,
    isPrinted: false,
  });
  return JSON.parse(stdout) as OpenAiResult;
}
