import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import {
  DeepgramListen,
  type DeepgramListenOptions,
  type ListenMessage,
  pace,
  readAudio,
  Transcript,
} from '../../../lib/speech';

const EXAMPLES = join(__dirname, '..', '..', '..', 'examples');

/** The words of the sample recording, as the simulator's script has them. */
export const TRANSCRIPT = (
  JSON.parse(readFileSync(join(EXAMPLES, 'sample.script.json'), 'utf8')) as { transcript: string }
).transcript;

interface SampleOptions {
  readonly speed: number;
  readonly resume?: DeepgramListenOptions['resume'];
  readonly onMessage?: (message: ListenMessage, listen: DeepgramListen) => void;
}

/** Streams the sample recording to the endpoint `deepgram`, and gives back the stream when it has ended, with what was heard. */
export async function transcribeSample(
  client: SageMakerRuntimeHTTP2Client,
  { speed, resume, onMessage }: SampleOptions,
): Promise<{ listen: DeepgramListen; heard: string }> {
  const audio = await readAudio(once(readFileSync(join(EXAMPLES, 'sample.wav'))));
  const { bytesPerSecond, frameBytes, raw } = audio;
  const listen = await DeepgramListen.open({
    endpointName: 'deepgram',
    client,
    parameters: {
      model: 'nova-3',
      language: 'en',
      encoding: raw!.encoding,
      sample_rate: raw!.sampleRate,
      smart_format: true,
    },
    resume,
  });
  const transcript = new Transcript();
  const heard: string[] = [];
  const chunks = pace(audio.chunks, { bytesPerSecond: bytesPerSecond!, frameBytes: frameBytes!, speed });
  for await (const message of listen.transcribe(chunks)) {
    heard.push(...transcript.add(message).map(({ text }) => text));
    onMessage?.(message, listen);
  }
  heard.push(...transcript.end().map(({ text }) => text));
  return { listen, heard: heard.join(' ') };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
