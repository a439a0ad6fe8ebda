import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../lib/client';
import { type Behaviours, UNSETTLED } from '../../lib/contract';
import { LocalSageMaker } from '../../lib/local';
import { DeepgramListen, pace, readAudio, Transcript } from '../../lib/speech';
import { containerEndpoint } from '../bin/support/local-models';

const EXAMPLES = join(__dirname, '..', '..', 'examples');
const { transcript: TRANSCRIPT } = JSON.parse(readFileSync(join(EXAMPLES, 'sample.script.json'), 'utf8')) as {
  transcript: string;
};

/** Played over a scaled clock in session-limit.test.ts, under each of its values. */
const ELSEWHERE = ['session-limit'];

/** Every value of every behaviour that a switch exists for: a new one is in the table by itself. */
const CASES = Object.entries(UNSETTLED).flatMap(([name, { simulatedBy, values }]) =>
  simulatedBy === undefined || ELSEWHERE.includes(name) ? [] : Object.keys(values).map(value => [name, value] as const),
);

test.each(CASES)(
  'a transcription and an echo are whole under %s=%s',
  async (name, value) => {
    const speech = containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack');
    const binaryControl = value === 'sniffed' ? 'control' : 'audio';
    const variants = speech.variants.map(variant => ({
      ...variant,
      model: { ...variant.model, environment: { SIMULATOR_BINARY_CONTROL: binaryControl } },
    }));
    await using local = await LocalSageMaker.start({
      port: 0,
      tls: false,
      endpoints: [{ ...speech, variants }, containerEndpoint('echo', 'echo', 'EchoBidiStack')],
      behaviours: { [name]: value } as Behaviours,
    });
    const { region, credentials } = local;
    const client = new SageMakerRuntimeHTTP2Client({ endpoint: local.url, region, credentials });
    try {
      expect(await transcribe(client)).toBe(TRANSCRIPT);
      expect(await echo(client)).toEqual(['one two', Buffer.alloc(1_000, 7)]);
    } finally {
      client.destroy();
    }
  },
  40_000,
);

async function transcribe(client: SageMakerRuntimeHTTP2Client): Promise<string> {
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
  });
  const transcript = new Transcript();
  const heard: string[] = [];
  const chunks = pace(audio.chunks, { bytesPerSecond: bytesPerSecond!, frameBytes: frameBytes!, speed: 4 });
  for await (const message of listen.transcribe(chunks)) {
    heard.push(...transcript.add(message).map(({ text }) => text));
  }
  heard.push(...transcript.end().map(({ text }) => text));
  expect(listen.complete).toBe(true);
  return heard.join(' ');
}

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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
