import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './code-blocks';

test('every page of docs/ is in the sidebar of the site', () => {
  const config = readFileSync(join(__dirname, '../../docs/.vitepress/config.mts'), 'utf8');
  const linked = [...config.matchAll(/link: '\/([\w-]*)'/g)].map(([, page]) => `docs/${page || 'index'}.md`);
  expect(pages().filter(page => page !== 'README.md' && !linked.includes(page))).toEqual([]);
  expect(linked.filter(page => !pages().includes(page))).toEqual([]);
});
