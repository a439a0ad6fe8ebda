import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainFileError } from '../../bin/file-error';
import { columnsOf } from '../../bin/terminal';

test.each([
  [0, 80],
  [undefined, 80],
  [132, 132],
])('a terminal that says %s columns is taken to have %s', (columns, expected) => {
  expect(columnsOf({ columns })).toBe(expected);
});

test('an error of the file system is explained, any other is left alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-file-error-'));
  try {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const thrown = await mkdir(join(file, 'cache', 'local'), { recursive: true }).catch((error: unknown) => error);
    expect(explainFileError(thrown)).toMatchObject({
      code: 'ERR_BIDI_USAGE',
      what: expect.stringMatching(/cache.* cannot be opened: ENOTDIR/),
      why: 'A part of the path is a file, where a folder has to be.',
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  expect(explainFileError(new Error('x'))).toBeUndefined();
  expect(explainFileError(undefined)).toBeUndefined();
});
