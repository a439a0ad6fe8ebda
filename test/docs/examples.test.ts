import { join, resolve } from 'node:path';
import ts from 'typescript';
import { type CodeBlock, codeBlocks, pages } from './code-blocks';

const ROOT = resolve(__dirname, '../..');
const BLOCKS = pages().flatMap(page => codeBlocks(page, 'ts'));

/** What surrounds the lines of a page that are part of a program which the reader has already. */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  'docs/constructs.md': "declare const app: import('aws-cdk-lib').App, stack: import('aws-cdk-lib').Stack;",
  'docs/runbook.md': `
    import { Duration } from 'aws-cdk-lib';
    import * as ec2 from 'aws-cdk-lib/aws-ec2';
    import * as iam from 'aws-cdk-lib/aws-iam';
    import * as s3 from 'aws-cdk-lib/aws-s3';
    import { BidiEndpoint, BidiImage, BidiModel, ModelData } from 'sagemaker-bidi-kit';
    declare const endpoint: BidiEndpoint, application: iam.IGrantable, bucket: s3.IBucket, modelPackageArn: string;
  `.replaceAll('\n', ' '),
};

/** Type errors of the blocks, each compiled as a module of its own that a user of the package wrote. */
function typeErrors(blocks: readonly CodeBlock[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, ROOT);
  const sources = new Map(
    blocks.map(block => [join(ROOT, `${block.page.replace(/\W/g, '-')}-${block.line}.ts`), block]),
  );
  const settings: ts.CompilerOptions = {
    ...options,
    // An example may name what it does not use, and a module may await at its top.
    noUnusedLocals: false,
    noUnusedParameters: false,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    paths: {
      // The CDK's core without the types of every AWS service behind it, which would take most of the time.
      'aws-cdk-lib': [join(ROOT, 'node_modules/aws-cdk-lib/core/lib/index.d.ts')],
      'sagemaker-bidi-kit': [join(ROOT, 'lib/index.ts')],
      'sagemaker-bidi-kit/client': [join(ROOT, 'lib/client/index.ts')],
      'sagemaker-bidi-kit/speech': [join(ROOT, 'lib/speech/index.ts')],
      'sagemaker-bidi-kit/local': [join(ROOT, 'lib/local/index.ts')],
      'sagemaker-bidi-kit/gateway': [join(ROOT, 'lib/gateway/index.ts')],
    },
  };
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = file => sources.has(file) || fileExists(file);
  host.readFile = file => sources.get(file)?.code ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const block = sources.get(file);
    return block
      ? ts.createSourceFile(file, `${SURROUNDINGS[block.page] ?? ''}${block.code}\nexport {};`, ts.ScriptTarget.ES2022)
      : getSourceFile(file, ...rest);
  };
  const program = ts.createProgram([...sources.keys()], settings, host);
  return [...sources].flatMap(([file, block]) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(diagnostic => {
      const { line } = source.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
      return `${block.page}:${block.line + line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
    });
  });
}

const WRONG = {
  page: 'wrong.md',
  line: 1,
  language: 'ts',
  code: "import { NoSuchThing } from 'sagemaker-bidi-kit/client';",
};

test('every TypeScript example of the README and docs/ compiles, and one that does not would be found', () => {
  expect(BLOCKS.length).toBeGreaterThan(5);
  // One program for both: the types of the kit and of the CDK are read once.
  expect(typeErrors([...BLOCKS, WRONG])).toEqual([expect.stringMatching(/^wrong\.md:1: .*NoSuchThing/)]);
});
