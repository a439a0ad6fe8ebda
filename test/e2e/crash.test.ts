import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { LocalSageMaker } from '../../lib/local';
import { ProcessEngine } from '../../lib/local/engine/process-engine';
import { DeepgramListen, pace, readAudio, Transcript } from '../../lib/speech';
import { containerEndpoint } from '../bin/support/local-models';

const EXAMPLES = join(__dirname, '..', '..', 'examples');
const { transcript: TRANSCRIPT } = JSON.parse(readFileSync(join(EXAMPLES, 'sample.script.json'), 'utf8')) as {
  transcript: string;
};

test('a transcription goes on in the script when its container is killed in the middle, with no word lost or doubled', async () => {
  const engine = new ProcessEngine();
  let kill = (): void => {};
  await using local = await LocalSageMaker.start({
    port: 0,
    tls: false,
    engine: {
      name: 'process',
      start: async start => {
        const container = await engine.start(start);
        kill = () => container.kill('SIGKILL');
        return container;
      },
    },
    endpoints: [containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack')],
  });
  const { region, credentials } = local;
  const client = new SageMakerRuntimeHTTP2Client({ endpoint: local.url, region, credentials });
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
    resume: { resumable: () => true },
  });
  const transcript = new Transcript();
  const heard: string[] = [];
  const chunks = pace(audio.chunks, { bytesPerSecond: bytesPerSecond!, frameBytes: frameBytes!, speed: 2 });
  for await (const message of listen.transcribe(chunks)) {
    heard.push(...transcript.add(message).map(({ text }) => text));
    if (message.type === 'Results' && message.is_final && listen.statistics.resumes === 0) kill();
  }
  heard.push(...transcript.end().map(({ text }) => text));
  expect(listen.statistics.resumes).toBe(1);
  expect(listen.complete).toBe(true);
  expect(heard.join(' ')).toBe(TRANSCRIPT);
  client.destroy();
}, 30_000);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
