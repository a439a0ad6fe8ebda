import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { DeepgramListen } from 'sagemaker-bidi-kit/speech';
import { LocalSageMaker, readCloudAssembly, simulateModelPackages } from 'sagemaker-bidi-kit/local';
import { {{class}} } from '../lib/{{name}}-stack';

const outdir = mkdtempSync(join(tmpdir(), '{{name}}-'));
let local: LocalSageMaker;

before(async () => {
  const app = new App({ outdir });
  new {{class}}(app, '{{stack}}');
  // The package itself runs on AWS only: the kit's simulator takes its place, with words from a script.
  const { endpoints } = simulateModelPackages(await readCloudAssembly(app.synth().directory));
  local = await LocalSageMaker.start({ endpoints, port: 0, tls: false });
  // From here on every AWS SDK of this process finds the local SageMaker.
  Object.assign(process.env, local.environment());
});

after(async () => {
  await local?.close();
  rmSync(outdir, { recursive: true });
});

test('a second of audio is answered with results', async () => {
  const listen = await DeepgramListen.open({
    endpointName: '{{name}}',
    parameters: { model: 'nova-3', language: 'en', encoding: 'linear16', sample_rate: 16_000 },
  });
  const types = new Set<string>();
  for await (const message of listen.transcribe(silence(1))) types.add(message.type);
  assert.ok(types.has('Results'), `came: ${[...types].join(', ')}`);
  console.log(`  streamed: 1 s of audio → ${[...types].join(', ')}`);
});

/** Silence of 16-bit samples at 16 kHz, in pieces of 100 ms. */
async function* silence(seconds: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < 10 * seconds; piece += 1) yield new Uint8Array(3_200);
}
