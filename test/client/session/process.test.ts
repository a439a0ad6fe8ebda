import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TYPESCRIPT } from '../../typescript-process';
import { CREDENTIALS, FakeRuntime, REGION } from '../support/fake-runtime';

const run = promisify(execFile);

test('a program trusts NODE_EXTRA_CA_CERTS, finds the endpoint in the environment, and ends by itself', async () => {
  const fake = await FakeRuntime.start({ tls: true });
  const directory = mkdtempSync(join(tmpdir(), 'client-'));
  const authority = join(directory, 'authority.pem');
  writeFileSync(authority, fake.certificateAuthority);
  const program = `
    const { BidiSession, SageMakerRuntimeHTTP2Client } = require('./lib/client');
    (async () => {
      const client = new SageMakerRuntimeHTTP2Client(); // never destroyed
      const session = await BidiSession.open({ endpointName: 'echo', client });
      await session.send('hello');
      console.log(await session.receive());
      await session.close();
    })();`;
  const { stdout } = await run(process.execPath, [...TYPESCRIPT, '--eval', program], {
    cwd: resolve(__dirname, '../../..'),
    timeout: 15_000,
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      NODE_EXTRA_CA_CERTS: authority,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: fake.url,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    },
  });
  expect(stdout).toBe('hello\n');
  rmSync(directory, { recursive: true });
  await fake.close();
});
