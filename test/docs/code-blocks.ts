import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');

/** A fenced block of a page. */
export interface CodeBlock {
  /** Page, relative to the repository. */
  readonly page: string;
  /** Line of the page on which the code begins, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** Pages that people read: the README and everything in docs/. */
export function pages(): string[] {
  const inDocs = readdirSync(join(ROOT, 'docs')).filter(name => name.endsWith('.md'));
  return ['README.md', ...inDocs.map(name => `docs/${name}`)];
}

/** The fenced blocks of a page in one language. Blocks inside list items are un-indented. */
export function codeBlocks(page: string, language: string): CodeBlock[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)]
    .filter(match => match[2] === language)
    .map(match => ({
      page,
      line: text.slice(0, match.index).split('\n').length + 1,
      language,
      code: match[3]!.replaceAll(new RegExp(`^${match[1]}`, 'gm'), ''),
    }));
}
