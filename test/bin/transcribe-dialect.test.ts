import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CREDENTIALS, FakeRuntime, REGION } from '../client/support/fake-runtime';
import { BIDI } from '../typescript-process';
import { finished } from './support/local-models';

const ROOT = join(__dirname, '..', '..');
const SAMPLE = join(ROOT, 'examples', 'sample.wav');

test('bidi transcribe --protocol vllm prints the final text, and 2 without a model name', async () => {
  const fake = await FakeRuntime.start({
    behaviour: async stream => {
      stream.respond();
      for await (const part of stream.parts()) {
        const { type, final } = JSON.parse(part.data.toString()) as { type: string; final?: boolean };
        if (type !== 'input_audio_buffer.commit' || !final) continue;
        await stream.send(JSON.stringify({ type: 'transcription.done', text: 'I need help.' }), 'UTF8');
      }
      stream.end();
    },
  });
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: fake.url,
  };
  const run = (...words: string[]) =>
    finished(
      spawn(process.execPath, [...BIDI, 'transcribe', SAMPLE, '--endpoint', 'speech', ...words], {
        cwd: ROOT,
        env,
        stdio: 'pipe',
      }),
      '',
    );
  const [said, unnamed] = await Promise.all([
    run('--protocol', 'vllm', '--model', 'tiny', '--speed', 'max'),
    run('--protocol', 'vllm'),
  ]);
  expect(said).toMatchObject({ code: 0, stdout: 'I need help.\n' });
  expect(unnamed.code).toBe(2);
  expect(unnamed.stderr).toContain('--model is missing.');
  await fake.close();
});
