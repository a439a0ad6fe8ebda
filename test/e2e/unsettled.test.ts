import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { type Behaviours, UNSETTLED } from '../../lib/contract';
import { LocalSageMaker } from '../../lib/local';
import { containerEndpoint } from '../bin/support/local-models';
import { OPEN_MODEL_ADAPTERS, OPEN_MODELS, WHOLE } from './support/open-models';
import { TRANSCRIPT, transcribeSample } from './support/sample-transcription';

/** Played over a scaled clock in session-limit.test.ts, under each of its values. */
const ELSEWHERE = ['session-limit'];

const ADAPTERS = Object.keys(OPEN_MODEL_ADAPTERS) as (keyof typeof OPEN_MODEL_ADAPTERS)[];

/** Every value of every behaviour that a switch exists for: a new one is in the table by itself. */
const CASES = Object.entries(UNSETTLED).flatMap(([name, { simulatedBy, values }]) =>
  simulatedBy === undefined || ELSEWHERE.includes(name) ? [] : Object.keys(values).map(value => [name, value] as const),
);

// Each mostly waits for the audio's own time, so they run beside each other.
test.concurrent.each(CASES)('a transcription, an echo and each adapter are whole under %s=%s', async (name, value) => {
  const speech = containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack');
  const binaryControl = value === 'sniffed' ? 'control' : 'audio';
  const variants = speech.variants.map(variant => ({
    ...variant,
    model: { ...variant.model, environment: { SIMULATOR_BINARY_CONTROL: binaryControl } },
  }));
  await using local = await LocalSageMaker.start({
    port: 0,
    tls: false,
    endpoints: [{ ...speech, variants }, containerEndpoint('echo', 'echo', 'EchoBidiStack'), OPEN_MODELS],
    behaviours: { [name]: value } as Behaviours,
  });
  const { region, credentials } = local;
  const client = new SageMakerRuntimeHTTP2Client({ endpoint: local.url, region, credentials });
  try {
    const { listen, heard } = await transcribeSample(client, { speed: 4 });
    expect(listen.complete).toBe(true);
    expect(heard).toBe(TRANSCRIPT);
    expect(await echo(client)).toEqual(['one two', Buffer.alloc(1_000, 7)]);
    for (const adapter of ADAPTERS) {
      expect([adapter, await OPEN_MODEL_ADAPTERS[adapter](client)]).toEqual([adapter, WHOLE[adapter]]);
    }
  } finally {
    client.destroy();
  }
});

/** A message in parts, and one of bytes, both read before the input ends. */
async function echo(client: SageMakerRuntimeHTTP2Client): Promise<unknown[]> {
  const session = await BidiSession.open({ endpointName: 'echo', client });
  await session.sendFragment('one ', { final: false });
  await session.sendFragment('two', { final: true });
  await session.send(Buffer.alloc(1_000, 7));
  const answers = [await session.receive(), await session.receive()];
  await session.close();
  return answers.map(answer => (typeof answer === 'string' ? answer : Buffer.from(answer!)));
}
