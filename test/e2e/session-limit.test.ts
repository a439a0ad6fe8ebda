import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { UNSETTLED } from '../../lib/contract';
import { Clock, LocalSageMaker } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';
import { transcribeSample } from './support/sample-transcription';

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
    const { listen, heard } = await transcribeSample(client, { speed: 4, resume: true });
    expect(listen.complete).toBe(true);
    expect(listen.statistics.resumes).toBeGreaterThan(0);
    expect(listen.statistics.unreplayableBytes).toBe(0);
    expect(heard.length).toBeGreaterThan(0);
    client.destroy();
  },
);
