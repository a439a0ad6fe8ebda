import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalSageMaker } from '../../lib/local';
import { finished } from '../bin/support/local-models';

const ROOT = join(__dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'models.md'), 'utf8');

/** The program of docs/models.md with the recording for a microphone, and the one word changed. */
function program(word: string): string {
  const [, code] = /```ts\n(import \{ deepgram, nim[\s\S]*?)```/.exec(PAGE)!;
  const speech = JSON.stringify(join(ROOT, 'lib', 'speech'));
  const sample = JSON.stringify(join(ROOT, 'examples', 'sample.wav'));
  const imports = `import { createReadStream } from 'node:fs';\nimport { readAudio } from ${speech};\n`;
  const microphone = `const microphone = (await readAudio(createReadStream(${sample}))).chunks;`;
  const changed = code!
    .replace("'sagemaker-bidi-kit/speech'", speech)
    .replace('declare const microphone: AsyncIterable<Uint8Array>;', microphone)
    .replace('models.vllm', `models.${word}`)
    .replace(/^(?!import)[\s\S]*/m, body => `(async () => {\n${body}\n})();`);
  return imports + changed;
}

let directory: string;
let local: LocalSageMaker;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'one-program-'));
  const model = {
    name: 'speech',
    directory: join(ROOT, 'container', 'speech-simulator'),
    command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
    environment: { SM_VLLM_SERVED_MODEL_NAME: 'voxtral', SIMULATOR_SPEED: 'max' },
  };
  local = await LocalSageMaker.start({
    endpoints: [{ name: 'speech', variants: [{ name: 'AllTraffic', model }] }],
    port: 0,
    certificateDirectory: directory,
  });
}, 30_000);

afterAll(async () => {
  await local.close();
  rmSync(directory, { recursive: true, force: true });
});

test.each(['vllm', 'deepgram', 'nim'])(
  'the program of docs/models.md runs with models.%s',
  async word => {
    const file = join(directory, `${word}.ts`);
    writeFileSync(file, program(word));
    const env = { PATH: process.env.PATH, HOME: directory, ...local.environment() };
    const child = spawn(process.execPath, ['--require', require.resolve('esbuild-register'), file], {
      cwd: ROOT,
      env,
      stdio: 'pipe',
    });
    const { code, stdout, stderr } = await finished(child, '');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\s*I need help with my account balance/i);
  },
  30_000,
);
