import { join } from 'node:path';

/** Words between `node` and a TypeScript program, or `--eval`, that tests start as a process of its own. */
export const TYPESCRIPT = ['--require', join(__dirname, 'typescript-loader.js')] as const;

/** Words after `node` that start `bidi`, from any directory. */
export const BIDI = [...TYPESCRIPT, join(__dirname, '..', 'bin', 'bidi.ts')] as const;
