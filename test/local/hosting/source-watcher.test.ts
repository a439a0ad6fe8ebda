import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchSources } from '../../../lib/local/hosting/source-watcher';

let root: string;
let directory: string;
let changes: number;
let stop: () => void;

const file = (...names: string[]): string => join(directory, ...names);

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'watch-')));
  directory = join(root, 'container');
  mkdirSync(file('src'), { recursive: true });
  mkdirSync(file('node_modules'));
  writeFileSync(file('app.py'), 'one');
  writeFileSync(file('src', 'model.py'), 'one');
  changes = 0;
  stop = await watchSources(directory, () => {
    changes += 1;
  });
});
afterEach(() => {
  stop();
  rmSync(root, { recursive: true, force: true });
});

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}

/** Resolves when a change was told after this call. */
async function change(): Promise<void> {
  const before = changes;
  while (changes === before) await pause(20);
}

/** Saves as editors do: another file that takes the place of the first. */
function saveByRename(path: string, content: string): void {
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}

test('a file that is written, and written again', async () => {
  for (const content of ['two', 'three']) {
    writeFileSync(file('app.py'), content);
    await change();
  }
});

test('a file that is replaced by a rename, and replaced again', async () => {
  for (const content of ['two', 'three', 'four']) {
    saveByRename(file('src', 'model.py'), content);
    await change();
  }
});

test('sed -i, twice', async () => {
  for (const [from, to] of [
    ['one', 'two'],
    ['two', 'three'],
  ]) {
    execFileSync('sed', ['-i.bak', `s/${from}/${to}/`, file('app.py')]);
    await change();
  }
});

test('a file that is deleted and made again', async () => {
  rmSync(file('app.py'));
  await change();
  writeFileSync(file('app.py'), 'back');
  await change();
  saveByRename(file('app.py'), 'again');
  await change();
});

test('a folder that is moved within it, and the files in its new place', async () => {
  renameSync(file('src'), file('lib'));
  await change();
  saveByRename(file('lib', 'model.py'), 'two');
  await change();
});

test('the directory itself, moved away and back', async () => {
  renameSync(directory, join(root, 'elsewhere'));
  await change();
  renameSync(join(root, 'elsewhere'), directory);
  await change();
  saveByRename(file('app.py'), 'two');
  await change();
});

test('what is not the container’s own does not count', async () => {
  writeFileSync(file('node_modules', 'package.js'), 'x');
  writeFileSync(join(root, 'neighbour.txt'), 'x');
  await pause(600);
  expect(changes).toBe(0);
});
