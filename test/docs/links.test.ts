import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
].filter(page => existsSync(join(ROOT, page)));

/** The anchor that GitHub gives a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/`|\*|\[|\]\([^)]*\)/g, '')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

function anchors(page: string): Set<string> {
  const prose = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  return new Set([
    ...[...prose.matchAll(/^#{1,6}\s+(.+)$/gm)].map(match => anchor(match[1]!)),
    ...[...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(match => match[1]!),
  ]);
}

test.each(PAGES)('every link of %s leads somewhere', page => {
  const file = join(ROOT, page);
  const prose = readFileSync(file, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)].map(
    match => (match[1] ?? match[2])!,
  );
  const broken = targets.filter(target => {
    if (/^(https:|mailto:)/.test(target)) return false;
    if (/^http:/.test(target)) return true;
    const [path, fragment] = target.split('#') as [string, string?];
    const destination = path === '' ? file : resolve(dirname(file), path);
    if (!existsSync(destination)) return true;
    return fragment !== undefined && destination.endsWith('.md') && !anchors(destination).has(fragment);
  });
  expect(broken).toEqual([]);
});
