import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** Folders that hold files git keeps, two levels deep, three under lib/. */
function keptFolders(): Set<string> {
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const folders = new Set<string>();
  for (const file of files) {
    const parts = file.split('/').slice(0, -1);
    if (parts.length === 0 || parts[0]!.startsWith('.')) continue;
    for (let depth = 1; depth <= Math.min(parts.length, parts[0] === 'lib' ? 3 : 2); depth++) {
      folders.add(`${parts.slice(0, depth).join('/')}/`);
    }
  }
  return folders;
}

/** The tree of docs/design.md: the first code block under "The folders". */
function drawnFolders(): string[] {
  const page = readFileSync(join(ROOT, 'docs/design.md'), 'utf8');
  const block = /## The folders\s+```text\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  return [...block.matchAll(/^(\S+\/)\s/gm)].map(match => match[1]!);
}

/** Folders whose inside a reader of the tree does not need: named by their parent alone. */
const CLOSED = /^(test|docs|examples|bench|templates)\/.+/;

(existsSync(join(ROOT, '.git')) ? describe : describe.skip)('the folder tree of docs/design.md', () => {
  test('names every folder that is there', () => {
    const drawn = drawnFolders();
    const inside = (folder: string) =>
      drawn.includes(folder) || CLOSED.test(folder) || folder === 'lib/' || folder === 'container/';
    expect([...keptFolders()].filter(folder => !inside(folder) && !/^container\/[^/]+\/.+/.test(folder))).toEqual([]);
  });

  test('names no folder that is not there', () => {
    expect(drawnFolders().filter(folder => !existsSync(join(ROOT, folder)))).toEqual([]);
  });
});
