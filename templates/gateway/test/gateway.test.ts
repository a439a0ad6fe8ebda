import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { BidiGateway } from 'sagemaker-bidi-kit/gateway';
import { LocalSageMaker, readCloudAssembly } from 'sagemaker-bidi-kit/local';
import WebSocket from 'ws';
import { {{class}} } from '../lib/{{name}}-stack';

const outdir = mkdtempSync(join(tmpdir(), '{{name}}-'));
let local: LocalSageMaker;

before(async () => {
  const app = new App({ outdir });
  new {{class}}(app, '{{stack}}');
  local = await LocalSageMaker.start({ endpoints: await readCloudAssembly(app.synth().directory), port: 0, tls: false });
  // From here on every AWS SDK of this process finds the local SageMaker.
  Object.assign(process.env, local.environment());
});

after(async () => {
  await local?.close();
  rmSync(outdir, { recursive: true });
});

test('a WebSocket client streams to the endpoint through the gateway', async () => {
  await using gateway = await BidiGateway.start({ routes: [{ endpointName: '{{name}}' }], port: 0 });
  const socket = new WebSocket(gateway.url);
  await once(socket, 'open');
  socket.send('hello');
  const [answer] = await once(socket, 'message');
  assert.equal(String(answer), 'hello');
  socket.close();
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
  console.log('  streamed through the gateway: hello → hello');
});
