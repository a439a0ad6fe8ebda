import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { program } from '../../bin/program';
import { codeBlocks, pages } from './code-blocks';

const ROOT = resolve(__dirname, '../..');
const { scripts } = require('../../package.json') as { scripts: Record<string, string> };

/** The command lines of the pages' shell blocks, comments and continuations resolved. */
const LINES = pages()
  .flatMap(page =>
    codeBlocks(page, 'sh').flatMap(block =>
      block.code
        .replaceAll('\\\n', ' ')
        .split('\n')
        .map(line => ({ page, line })),
    ),
  )
  .flatMap(({ page, line }) =>
    line
      .replace(/\s#.*$/, '')
      .split('&&')
      .map(part => ({ page, line: part.trim() })),
  )
  .filter(({ line }) => line !== '' && !line.startsWith('#'));

/** Words as a shell splits them, as far as the pages need it. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(match => match[1] ?? match[2] ?? match[3]!);
}

/** Every command's action replaced by nothing: what is left is the reading of words. */
function parserOnly(): Command {
  const bidi = program();
  for (const command of bidi.commands) {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => {}, writeOut: () => {} })
      .action(() => {});
  }
  return bidi.configureOutput({ writeErr: () => {}, writeOut: () => {} });
}

const BIDI = LINES.filter(({ line }) => /^npx bidi\b/.test(line));

test('there are commands to read', () => expect(BIDI.length).toBeGreaterThan(8));

test.each(BIDI)('$page: $line', async ({ line }) => {
  const given = words(line.replace(/^npx bidi\s+/, '').split(/\s[|>]/)[0]!);
  await expect(parserOnly().parseAsync(given, { from: 'user' })).resolves.toBeDefined();
});

test.each(LINES.filter(({ line }) => /^npm run /.test(line)))('$page: $line', ({ line }) => {
  expect(scripts).toHaveProperty([words(line)[2]!]);
});

test.each(
  BIDI.flatMap(({ page, line }) =>
    words(line)
      .filter(word => /^(container|examples)\//.test(word))
      .map(file => ({ page, file })),
  ),
)('$page names $file, which exists', ({ file }) => {
  expect(existsSync(join(ROOT, file))).toBe(true);
});
