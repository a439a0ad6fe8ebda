import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIVE_CHECKS } from '../../lib/check/live/check-container';
import { STARTUP_RULES } from '../../lib/check/live/startup';
import { ImageRule } from '../../lib/image/image-rules';
import type { Rule } from '../../lib/report/finding';

const PAGE = join(__dirname, '..', '..', 'docs', 'check.md');

test('docs/check.md names every check, its rule and its source', () => {
  const rules: Rule[] = [...Object.values(ImageRule), ...Object.values(STARTUP_RULES), ...LIVE_CHECKS];
  const rows = rules
    .map(
      ({ name, rule, source, isAdvice }) => `| \`${name}\` | ${rule} | ${source} | ${isAdvice ? 'warns' : 'fails'} |\n`,
    )
    .join('');
  const [, table] =
    /<!-- checks -->\n\| check \| rule \| source \| when broken \|\n\| --- \| --- \| --- \| --- \|\n([\s\S]*?)<!-- \/checks -->/.exec(
      readFileSync(PAGE, 'utf8'),
    )!;
  expect(table).toBe(rows);
});
