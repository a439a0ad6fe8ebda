import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { BidiSession } from 'sagemaker-bidi-kit/client';
import { LocalSageMaker, readCloudAssembly } from 'sagemaker-bidi-kit/local';
import { {{class}} } from '../lib/{{name}}-stack';

const outdir = mkdtempSync(join(tmpdir(), '{{name}}-'));
let local: LocalSageMaker;

before(async () => {
  const app = new App({ outdir });
  new {{class}}(app, '{{stack}}');
  const endpoints = await readCloudAssembly(app.synth().directory);
  local = await LocalSageMaker.start({ endpoints, port: 0, tls: false });
  // From here on every AWS SDK of this process finds the local SageMaker.
  Object.assign(process.env, local.environment());
});

after(async () => {
  await local?.close();
  rmSync(outdir, { recursive: true });
});

test('the container answers every message of a stream, text and bytes', async () => {
  await using session = await BidiSession.open({ endpointName: '{{name}}' });
  await session.send('hello');
  assert.equal(await session.receive(), 'hello');
  await session.send(new Uint8Array([1, 2, 3]));
  assert.deepEqual(new Uint8Array((await session.receive()) as Uint8Array), new Uint8Array([1, 2, 3]));
  await session.closeInput();
  assert.equal(await session.receive(), undefined, 'the stream ends after its input');
  console.log('  streamed: hello → hello');
});

test('two streams do not hear each other', async () => {
  await using one = await BidiSession.open({ endpointName: '{{name}}' });
  await using other = await BidiSession.open({ endpointName: '{{name}}' });
  await Promise.all([one.send('one'), other.send('other')]);
  assert.deepEqual(await Promise.all([one.receive(), other.receive()]), ['one', 'other']);
});
