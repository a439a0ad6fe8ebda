import { readFileSync } from 'node:fs';
import { architectureFile, renderArchitecture } from '../../docs/generate/architecture';
import { CLI_PAGE, cliPage } from '../../docs/generate/cli';
import { ERRORS_PAGE, errorsPage } from '../../docs/generate/errors';
import { FIDELITY_PAGE, fidelityPage } from '../../docs/generate/fidelity';
import { LOCAL_PAGE, unsettledTable } from '../../docs/generate/unsettled';

test('docs/cli.md says what the commands say (npm run docs:cli)', () => {
  expect(readFileSync(CLI_PAGE, 'utf8')).toBe(cliPage());
});

test('docs/errors.md lists every error code (npm run docs:errors)', () => {
  expect(readFileSync(ERRORS_PAGE, 'utf8')).toBe(errorsPage());
});

test('docs/fidelity.md lists every probe, and what AWS did (npm run docs:fidelity)', () => {
  expect(readFileSync(FIDELITY_PAGE, 'utf8')).toBe(fidelityPage());
});

test('docs/fidelity.md says when it was run in AWS, and what differed', () => {
  const row = { probe: 'text-to-container', expected: 'one text frame' };
  const record = {
    format: 1,
    where: 'aws',
    region: 'eu-central-1',
    date: '2027-01-02T03:04:05.000Z',
    versions: { kit: '1.2.3' },
    rows: [{ ...row, observed: 'two frames', verdict: 'differs' }],
  } as const;
  expect(fidelityPage(undefined)).toContain('**Not yet run in AWS.**');
  expect(fidelityPage(record)).toContain('**Run in AWS**: 2027-01-02, eu-central-1, with kit 1.2.3.');
  expect(fidelityPage(record)).toMatch(/\| `text-to-container` \| .* \| one text frame \| DIFFERS: two frames \|/);
});

test('docs/local.md has the table of unsettled behaviours (npm run docs:unsettled)', () => {
  expect(readFileSync(LOCAL_PAGE, 'utf8')).toContain(unsettledTable());
});

test.each(['light', 'dark'] as const)(
  'the %s picture is the one drawn from docs/architecture.dot (npm run docs:architecture)',
  async theme => {
    expect(readFileSync(architectureFile(theme), 'utf8')).toBe(await renderArchitecture(theme));
  },
);
