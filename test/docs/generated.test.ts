import { readFileSync } from 'node:fs';
import { architectureFile, renderArchitecture } from '../../docs/generate/architecture';
import { CLI_PAGE, cliPage } from '../../docs/generate/cli';
import { ERRORS_PAGE, errorsPage } from '../../docs/generate/errors';
import { LOCAL_PAGE, unsettledTable } from '../../docs/generate/unsettled';

test('docs/cli.md says what the commands say (npm run docs:cli)', () => {
  expect(readFileSync(CLI_PAGE, 'utf8')).toBe(cliPage());
});

test('docs/errors.md lists every error code (npm run docs:errors)', () => {
  expect(readFileSync(ERRORS_PAGE, 'utf8')).toBe(errorsPage());
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
