/** Which command ends with which exit code: the table of docs/cli.md, case by case. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished, LocalModels } from './support/local-models';

const SAMPLE = join(__dirname, '..', '..', 'examples', 'sample.wav');
const ECHO = ['--local', '--endpoint', 'echo'];
const SPEECH = ['--local', '--endpoint', 'deepgram'];

let models: LocalModels;
const files = { header: '', empty: '', cut: '' };

beforeAll(async () => {
  models = await LocalModels.start();
  const sample = readFileSync(SAMPLE);
  for (const [name, bytes] of Object.entries({
    header: sample.subarray(0, 44),
    empty: sample.subarray(0, 0),
    cut: sample.subarray(0, 20),
  })) {
    files[name as keyof typeof files] = join(models.directory, `${name}.wav`);
    writeFileSync(files[name as keyof typeof files], bytes);
  }
});
afterAll(() => models?.[Symbol.asyncDispose]());

const wrongSecret = () => ({
  ...models.environment,
  ...models.local.environment(),
  AWS_SECRET_ACCESS_KEY: 'wrong',
});

type Case = readonly [what: string, code: number, words: () => string[], environment?: () => NodeJS.ProcessEnv];

const CASES: readonly Case[] = [
  ['an exchange', 0, () => ['invoke', 'hi', ...ECHO]],
  [
    'an endpoint that does not exist',
    1,
    () => ['invoke', 'hi', '--endpoint', 'nobody'],
    () => ({ ...models.environment, ...models.local.environment() }),
  ],
  ['a container that refuses the path', 1, () => ['invoke', 'hi', ...ECHO, '--path', 'not/there']],
  ['a path that breaks its pattern', 2, () => ['invoke', 'hi', ...ECHO, '--path', '/v1']],
  ['a query that breaks its pattern', 2, () => ['invoke', 'hi', ...ECHO, '--query', '_a=b']],
  ['a wrong secret', 2, () => ['invoke', 'hi', '--endpoint', 'echo'], wrongSecret],
  ['nothing to stream to', 2, () => ['invoke', 'hi']],
  ['an unknown option', 2, () => ['invoke', 'hi', '--nope']],
  ['a recording', 0, () => ['transcribe', SAMPLE, ...SPEECH, '--speed', 'max']],
  ['a WAV file without samples', 2, () => ['transcribe', files.header, ...SPEECH]],
  ['an empty file', 2, () => ['transcribe', files.empty, ...SPEECH]],
  ['a file that ends in its header', 2, () => ['transcribe', files.cut, ...SPEECH]],
  ['a text without words', 2, () => ['speak', ' ', '-o', join(models.directory, 'out.wav'), ...SPEECH]],
];

test('every command ends with the code of its kind of end, and says why', async () => {
  const ends = await Promise.all(
    CASES.map(async ([what, , words, environment]) => {
      const { code, stderr } = await finished(models.bidi(words(), environment?.()), '');
      return [what, code, stderr === '' ? 'said nothing' : 'said why'];
    }),
  );
  expect(ends).toEqual(CASES.map(([what, code]) => [what, code, 'said why']));
});
