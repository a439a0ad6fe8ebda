import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../../bin/print-error';
import { BIDI } from '../typescript-process';

const ROOT = join(__dirname, '..', '..');
const ARN = 'arn:aws:sagemaker:us-east-1:123456789012:model-package/a-name-that-is-longer-than-any-line-is';

test('the three parts hang under their labels, and a word that is too wide stays whole', () => {
  const text = errorText(
    {
      what: `Model speech is the model package ${ARN}, which cannot run here.`,
      why: 'A Marketplace package runs on the platform only, and nothing of it is on this machine.\n  laid out',
      next: 'Short.',
    },
    80,
  );
  expect(text).toBe(
    [
      'Model speech is the model package',
      `${ARN},`,
      'which cannot run here.',
      '  why:  A Marketplace package runs on the platform only, and nothing of it is on',
      '        this machine.',
      '          laid out',
      '  next: Short.',
      '',
    ].join('\n'),
  );
});

describe('without a region', () => {
  const home = mkdtempSync(join(tmpdir(), 'bidi-home-'));
  afterAll(() => rmSync(home, { recursive: true }));

  test.each([
    'status X',
    'status X --wait',
    'destroy-check X',
    'capacity --stack X --yes',
    'invoke hi --endpoint X',
    `transcribe ${join(ROOT, 'examples', 'sample.wav')} --stack X`,
  ])('bidi %s says so and ends with 2', words => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [...BIDI, ...words.split(' ')], {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home },
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(stderr).toBe(
      [
        'No region is configured.',
        '  why:  Neither --region nor AWS_REGION nor the profile names one.',
        '  next: Set --region, such as us-east-1, or export AWS_REGION=us-east-1',
        '',
      ].join('\n'),
    );
    expect(status).toBe(2);
  });
});
