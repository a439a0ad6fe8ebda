import { setTimeout as sleep } from 'node:timers/promises';
import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { UNSETTLED } from '../../lib/contract';
import { Clock, LocalSageMaker } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';
import { OPEN_MODEL_ADAPTERS, OPEN_MODELS } from './support/open-models';
import { transcribeSample } from './support/sample-transcription';

const SIGNS = Object.keys(UNSETTLED['session-limit'].values) as (keyof (typeof UNSETTLED)['session-limit']['values'])[];

// 30 minutes in half a second; the recording takes one.
test.each(SIGNS)('a transcription outlives the 30 minutes of a stream that end as %s', async sessionLimit => {
  await using local = await LocalSageMaker.start({
    port: 0,
    tls: false,
    clock: new Clock(3_600),
    endpoints: [containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack')],
    behaviours: { 'session-limit': sessionLimit },
  });
  const { region, credentials } = local;
  const client = new SageMakerRuntimeHTTP2Client({ endpoint: local.url, region, credentials });
  const { listen, heard } = await transcribeSample(client, { speed: 4, resume: true });
  expect(listen.complete).toBe(true);
  expect(listen.statistics.resumes).toBeGreaterThan(0);
  expect(listen.statistics.unreplayableBytes).toBe(0);
  expect(heard.length).toBeGreaterThan(0);
  client.destroy();
});

// These models cannot resume, so that a stream that was not handed over in time is not whole: each adapter has to say so.
test.each(SIGNS)(
  'no adapter takes a stream for whole that the platform ended after 30 minutes as %s',
  async sessionLimit => {
    await using local = await LocalSageMaker.start({
      port: 0,
      tls: false,
      clock: new Clock(3_600),
      endpoints: [OPEN_MODELS],
      behaviours: { 'session-limit': sessionLimit },
    });
    const { region, credentials } = local;
    const client = new SageMakerRuntimeHTTP2Client({ endpoint: local.url, region, credentials });
    const untilCut = () => streamsEnded(local);
    const ends = await Promise.allSettled(Object.values(OPEN_MODEL_ADAPTERS).map(adapter => adapter(client, untilCut)));
    expect(ends.map(end => (end.status === 'rejected' ? end.reason.name : end.value))).toEqual(
      Object.values(OPEN_MODEL_ADAPTERS).map(() => 'SpeechIncompleteError'),
    );
    client.destroy();
  },
);

/** Resolves when the local SageMaker has no stream any more. */
async function streamsEnded(local: LocalSageMaker): Promise<void> {
  while (local.openSessions > 0) await sleep(20);
}
