import { readFileSync } from 'node:fs';
import { architectureFile, renderArchitecture } from '../../docs/generate/architecture';
import { CLI_PAGE, cliPage } from '../../docs/generate/cli';

test('docs/cli.md says what the commands say (npm run docs:cli)', () => {
  expect(readFileSync(CLI_PAGE, 'utf8')).toBe(cliPage());
});

test.each(['light', 'dark'] as const)(
  'the %s picture is the one drawn from docs/architecture.dot (npm run docs:architecture)',
  async theme => {
    expect(readFileSync(architectureFile(theme), 'utf8')).toBe(await renderArchitecture(theme));
  },
);
