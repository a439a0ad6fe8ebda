import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalSageMaker } from '../../lib/local';
import { codeBlocks } from '../docs/code-blocks';
import { run } from './processes';
import type { Scorecard } from './scorecard';
import { REPOSITORY } from './tool-directory';
import { buildJavaProgram } from './tools/java';
import { pythonSdk } from './tools/python';
import { buildRustProgram } from './tools/rust';

const PAGE = 'docs/local.md';
const SAID = 'I need help with';

/** Says how a snippet is run that stands in this directory. */
type Runner = (directory: string, code: string) => Promise<readonly [command: string, ...words: string[]]>;

const RUNNERS: Readonly<Record<string, Runner>> = {
  ts: async (directory, code) => {
    const client = join(directory, 'node_modules', 'sagemaker-bidi-kit', 'client.js');
    mkdirSync(join(client, '..'), { recursive: true });
    writeFileSync(client, `module.exports = require(${JSON.stringify(join(REPOSITORY, 'lib', 'client'))});\n`);
    writeFileSync(join(directory, 'echo.ts'), code);
    return [process.execPath, '--no-warnings', '--require', 'esbuild-register', join(directory, 'echo.ts')];
  },
  python: async (directory, code) => {
    writeFileSync(join(directory, 'echo.py'), code);
    return [await pythonSdk(), '-B', join(directory, 'echo.py')];
  },
  java: async (directory, code) => {
    const [java, option, classPath] = await buildJavaProgram(join(__dirname, 'java'), 'java-client', '');
    writeFileSync(join(directory, 'Echo.java'), code);
    return [java, option!, classPath!, join(directory, 'Echo.java')];
  },
  rust: async (directory, code) => {
    // The package of the scenarios' program with another program in it, so that its crates are built once.
    const packageOf = (file: string) => readFileSync(join(__dirname, 'rust', file), 'utf8');
    for (const file of ['Cargo.toml', 'Cargo.lock']) {
      writeFileSync(join(directory, file), packageOf(file).replace('name = "bidi-interop"', 'name = "bidi-snippet"'));
    }
    mkdirSync(join(directory, 'src'));
    writeFileSync(join(directory, 'src', 'main.rs'), code);
    return [await buildRustProgram(directory, 'bidi-snippet')];
  },
};

/** Runs the snippets of docs/local.md, one a language, as they stand there and with the printed variables alone. */
export async function runSnippets(local: LocalSageMaker, directory: string, scorecard: Scorecard): Promise<void> {
  for (const [language, runner] of Object.entries(RUNNERS)) {
    await scorecard.check(`the ${language} snippet of ${PAGE} streams to the local SageMaker`, async () => {
      const blocks = codeBlocks(PAGE, language).filter(({ code }) => code.includes(SAID));
      if (blocks.length !== 1) throw new Error(`${PAGE} has ${blocks.length} snippets in ${language}, one is meant.`);
      const place = join(directory, `snippet-${language}`);
      mkdirSync(place);
      const [command, ...words] = await runner(place, blocks[0]!.code);
      const { stdout } = await run(command, words, { cwd: REPOSITORY, env: local.environment(), timeoutMs: 60_000 });
      if (stdout !== `${SAID}\n`) throw new Error(`It printed ${JSON.stringify(stdout)}.`);
    });
  }
}
