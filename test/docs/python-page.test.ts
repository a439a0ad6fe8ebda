import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks } from './code-blocks';

const FILES = join(__dirname, '../../examples/python-client');

test.each(['bidi_client.py', 'conftest.py', 'test_stream.py'])(
  'docs/python.md shows %s as npm run test:interop runs it',
  file => {
    expect(codeBlocks('docs/python.md', 'python').map(({ code }) => code)).toContain(
      readFileSync(join(FILES, file), 'utf8'),
    );
  },
);

test('docs/python.md names the packages that it is run with', () => {
  expect(codeBlocks('docs/python.md', 'text')[0]!.code).toBe(readFileSync(join(FILES, 'requirements.txt'), 'utf8'));
});
