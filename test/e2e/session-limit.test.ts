import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { UNSETTLED } from '../../lib/contract';
import { Clock, LocalSageMaker } from '../../lib/local';
import { DeepgramListen, pace, readAudio, Transcript } from '../../lib/speech';
import { containerEndpoint } from '../bin/support/local-models';

const SAMPLE = join(__dirname, '..', '..', 'examples', 'sample.wav');

// 30 minutes in half a second; the recording takes one.
test.each(Object.keys(UNSETTLED['session-limit'].values) as (keyof (typeof UNSETTLED)['session-limit']['values'])[])(
  'a transcription outlives the 30 minutes of a stream that end as %s',
  async sessionLimit => {
    await using local = await LocalSageMaker.start({
      port: 0,
      tls: false,
      clock: new Clock(3_600),
      endpoints: [containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack')],
      behaviours: { 'session-limit': sessionLimit },
    });
    const { region, credentials } = local;
    const client = new SageMakerRuntimeHTTP2Client({ endpoint: local.url, region, credentials });
    const audio = await readAudio(once(readFileSync(SAMPLE)));
    const { bytesPerSecond, frameBytes, raw } = audio;
    const listen = await DeepgramListen.open({
      endpointName: 'deepgram',
      client,
      parameters: { model: 'nova-3', language: 'en', encoding: raw!.encoding, sample_rate: raw!.sampleRate },
      resume: true,
    });
    const transcript = new Transcript();
    const heard: string[] = [];
    const chunks = pace(audio.chunks, { bytesPerSecond: bytesPerSecond!, frameBytes: frameBytes!, speed: 4 });
    for await (const message of listen.transcribe(chunks)) {
      heard.push(...transcript.add(message).map(({ text }) => text));
    }
    heard.push(...transcript.end().map(({ text }) => text));
    expect(listen.complete).toBe(true);
    expect(listen.statistics.resumes).toBeGreaterThan(0);
    expect(listen.statistics.unreplayableBytes).toBe(0);
    expect(heard.length).toBeGreaterThan(0);
    client.destroy();
  },
  30_000,
);

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
