import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FidelityRecord } from '../../lib/contract';
import { finished, LocalModels } from './support/local-models';

let models: LocalModels;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bidi-fidelity-'));
  models = await LocalModels.start();
});
afterAll(async () => {
  await models?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const run = (...words: string[]) => finished(models.bidi(['fidelity', '--local', ...words]), '');
const ECHO = ['--stack', 'EchoBidiStack'];

test('prints the table, and writes a whole record without an account and without payload', async () => {
  const output = join(directory, 'fidelity.json');
  const names = ['text-to-container', 'model-error-body', 'unknown-variant', 'invoke-endpoint', 'close-1000'];
  const words = names.flatMap(name => ['--probe', name]);
  const { code, stdout, stderr } = await run(...ECHO, ...words, '--output', output);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `Written to ${output}.\n` });
  expect(stdout).toMatch(/^text-to-container +one text frame +agrees +-$/m);
  expect(stdout).toMatch(/^close-1000 +unsettled \(orderly-end\) +orderly-end +-$/m);
  expect(readdirSync(directory)).toEqual(['fidelity.json']);
  const text = readFileSync(output, 'utf8');
  const record = JSON.parse(text) as FidelityRecord;
  expect(record).toMatchObject({ format: 1, where: 'local', region: 'us-east-1', versions: { node: process.version } });
  expect(
    record.rows
      .filter(({ verdict }) => verdict !== 'skipped')
      .map(({ probe }) => probe)
      .sort(),
  ).toEqual([...names].sort());
  expect(text).not.toMatch(/\d{12}|arn:|zürich|a plain invocation/);
});

test('ends with 1 where a settled row differs', async () => {
  // The clock of this local SageMaker is not scaled: three and a half minutes of the platform have no ping in 0.1 s.
  const { code, stdout } = await run(
    ...[...ECHO, '--slow', '--clock', '2000', '--probe', 'ping-interval'],
    ...['--output', join(directory, 'differs.json')],
  );
  expect(stdout).toMatch(/^ping-interval +every 60 s +DIFFERS: 0 in 3\.5 minutes/m);
  expect(code).toBe(1);
});

test('puts the record of another run beside its own', async () => {
  const other = join(directory, 'aws.json');
  const row = { probe: 'text-to-container', expected: 'one text frame', observed: 'two frames', verdict: 'differs' };
  const record = {
    format: 1,
    where: 'aws',
    region: 'eu-west-1',
    date: '2027-01-02T00:00:00Z',
    versions: {},
    rows: [row],
  };
  writeFileSync(other, JSON.stringify(record));
  const output = join(directory, 'compared.json');
  const { code, stdout } = await run(
    ...['--endpoint', 'deepgram', '--container', 'deepgram', '--probe', 'text-to-container'],
    ...['--compare', other, '--output', output],
  );
  expect(stdout).toMatch(/^text-to-container +one text frame +skipped +DIFFERS: two frames$/m);
  expect(code).toBe(0); // what this run saw decides
});

test.each([
  ['a container without a probe', ['--endpoint', 'deepgram'], 'The container behind the endpoint has no probe.'],
  ['an unknown probe', [...ECHO, '--probe', 'weather'], 'There is no probe weather.'],
  ['a record that is none', [...ECHO, '--compare', __filename], 'is no record of bidi fidelity.'],
])('%s is refused', async (_, words, message) => {
  const { code, stderr } = await run(...words, '--output', join(directory, 'never.json'));
  expect(stderr.replace(/\s+/g, ' ')).toContain(message);
  expect(code).toBe(2);
  expect(readdirSync(directory)).not.toContain('never.json');
});
