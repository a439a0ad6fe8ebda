import { deepStrictEqual } from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { run } from '../processes';
import { REPOSITORY } from '../tool-directory';

/** The entry points of the package, as a test of a user names them. */
const ENTRY_POINTS = {
  'sagemaker-bidi-kit/client': join(REPOSITORY, 'lib/client/index.ts'),
  'sagemaker-bidi-kit/local': join(REPOSITORY, 'lib/local/index.ts'),
};

/** Compiles a test that the inspector wrote, under the strict settings of this repository, and has jest run it. */
export async function runReplayTest(source: string, directory: string, assembly: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'replay.test.ts');
  writeFileSync(file, source);
  deepStrictEqual(typeErrors(file), []);
  const settings = {
    rootDir: directory,
    moduleDirectories: ['node_modules', join(REPOSITORY, 'node_modules')],
    moduleNameMapper: Object.fromEntries(Object.entries(ENTRY_POINTS).map(([name, path]) => [`^${name}$`, path])),
    transform: {
      '^.+\\.ts$': [require.resolve('@swc/jest'), { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
    },
  };
  writeFileSync(join(directory, 'jest.config.json'), JSON.stringify(settings));
  const jest = join(REPOSITORY, 'node_modules/jest/bin/jest.js');
  await run(process.execPath, [jest, '--config', join(directory, 'jest.config.json'), '--runInBand'], {
    cwd: directory,
    env: { CDK_OUTDIR: assembly },
  });
}

function typeErrors(file: string): string[] {
  const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, REPOSITORY);
  const program = ts.createProgram([file], {
    ...options,
    noEmit: true,
    types: ['node', 'jest'],
    typeRoots: [join(REPOSITORY, 'node_modules/@types')],
    paths: Object.fromEntries(Object.entries(ENTRY_POINTS).map(([name, path]) => [name, [path]])),
  });
  const sourceFile = program.getSourceFile(file)!;
  return [...program.getSyntacticDiagnostics(sourceFile), ...program.getSemanticDiagnostics(sourceFile)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '),
  );
}
