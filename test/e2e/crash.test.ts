import { SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { LocalSageMaker } from '../../lib/local';
import { ProcessEngine } from '../../lib/local/engine/process-engine';
import { containerEndpoint } from '../bin/support/local-models';
import { TRANSCRIPT, transcribeSample } from './support/sample-transcription';

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
  const { listen, heard } = await transcribeSample(client, {
    speed: 2,
    resume: { resumable: () => true },
    onMessage: (message, { statistics }) => {
      if (message.type === 'Results' && message.is_final && statistics.resumes === 0) kill();
    },
  });
  expect(listen.statistics.resumes).toBe(1);
  expect(listen.complete).toBe(true);
  expect(heard).toBe(TRANSCRIPT);
  client.destroy();
});
