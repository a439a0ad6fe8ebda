import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { finished, LocalModels } from '../bin/support/local-models';
import { TYPESCRIPT } from '../typescript-process';

const ROOT = join(__dirname, '..', '..');
const SAMPLE = join(ROOT, 'examples', 'sample.wav');

let models: LocalModels;
beforeAll(async () => {
  models = await LocalModels.start();
});
afterAll(() => models?.[Symbol.asyncDispose]());

/** Starts an example as its first lines say, with the variables that point an AWS SDK at the local SageMaker. */
function example(name: string, ...words: string[]): ChildProcess {
  return spawn(process.execPath, [...TYPESCRIPT, join('examples', name), ...words], {
    cwd: ROOT,
    env: { ...models.environment, ...models.local.environment() },
    stdio: 'pipe',
  });
}

const PHRASES = ['I need help with', 'my account balance', 'I can help with that', 'and recent charges'];

describe('examples', () => {
  it('echo-words.ts sends words and prints their echoes', async () => {
    const { code, stdout } = await finished(example('echo-words.ts', 'echo'));
    const lines = stdout.trim().split('\n');
    expect(lines.filter(line => line.startsWith('→'))).toEqual(PHRASES.map(phrase => `→ ${phrase}`));
    expect(lines.filter(line => line.startsWith('←'))).toEqual(PHRASES.map(phrase => `← ${phrase}`));
    expect(code).toBe(0);
  });

  it('transcribe-wav.ts prints what is said in a recording', async () => {
    const { code, stdout } = await finished(example('transcribe-wav.ts', 'deepgram', SAMPLE));
    expect(stdout.replaceAll('\n', ' ').trim()).toBe(
      'I need help with my account balance. I can help with that and recent charges.',
    );
    expect(code).toBe(0);
  });

  it('plain-sdk.ts does without the session', async () => {
    const { code, stdout } = await finished(example('plain-sdk.ts', 'echo', 'one', 'two'));
    expect(stdout).toBe('one\ntwo\n');
    expect(code).toBe(0);
  });

  it.each(['echo-words.ts', 'plain-sdk.ts'])('%s fails with words for an endpoint that is not there', async name => {
    const { code, stderr } = await finished(example(name, 'not-there'));
    expect(stderr).toContain('not-there');
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(1);
  });
});
