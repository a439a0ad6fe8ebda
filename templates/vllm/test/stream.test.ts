import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { LocalSageMaker, readCloudAssembly, simulateModelPackages } from 'sagemaker-bidi-kit/local';
import { SpeechToText, vllm } from 'sagemaker-bidi-kit/speech';
import { {{class}} } from '../lib/{{name}}-stack';

const outdir = mkdtempSync(join(tmpdir(), '{{name}}-'));
let local: LocalSageMaker;

before(async () => {
  const app = new App({ outdir });
  new {{class}}(app, '{{stack}}');
  // vLLM needs a GPU and weights: the kit's simulator takes its place, with words from a script.
  const { endpoints } = simulateModelPackages(await readCloudAssembly(app.synth().directory));
  local = await LocalSageMaker.start({ endpoints, port: 0, tls: false });
  // From here on every AWS SDK of this process finds the local SageMaker.
  Object.assign(process.env, local.environment());
});

after(async () => {
  await local?.close();
  rmSync(outdir, { recursive: true });
});

test('two seconds of audio are answered with a text', async () => {
  await using speech = await SpeechToText.open({
    endpointName: '{{name}}',
    model: vllm({ model: 'voxtral' }),
    audio: { encoding: 'linear16', sampleRate: 16_000 },
  });
  const texts: string[] = [];
  for await (const event of speech.transcribe(silence(2))) if (event.type === 'final') texts.push(event.text);
  assert.notEqual(texts.join(''), '');
  console.log(`  streamed: 2 s of audio → ${texts.join(' ')}`);
});

/** Silence of 16-bit samples at 16 kHz, in pieces of 100 ms. */
async function* silence(seconds: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < 10 * seconds; piece += 1) yield new Uint8Array(3_200);
}
