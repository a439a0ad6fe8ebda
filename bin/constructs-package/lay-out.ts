import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import * as ts from 'typescript';
import { inJsiiDialect } from './jsii-dialect';
import { constructsManifest } from './manifest';

const ROOT = resolve(__dirname, '..', '..');

/** Where the package of the constructs is laid out and built. */
export const CONSTRUCTS_FOLDER = join(ROOT, 'build', 'constructs');

/** The types of other rooms that the constructs' own types name. */
const CONTRACT_TYPES = ['ContainerMetadata', 'ContainerStandIn', 'DeepgramProduct', 'ServedModel'];

/** jsii has no exceptions of its own: in every language an error is the text of its message. */
const ERROR_CLASS = /^\w+Error$/;

/** Lays out what jsii compiles: lib/infra and what it imports, in the part of TypeScript that jsii takes. */
export function layOutConstructs(): void {
  rmSync(CONSTRUCTS_FOLDER, { recursive: true, force: true });
  mkdirSync(CONSTRUCTS_FOLDER, { recursive: true });
  const entry = join(ROOT, 'lib', 'infra', 'index.ts');
  const { options } = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: diagnostic => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      },
    },
  )!;
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  for (const source of program.getSourceFiles()) {
    const path = relative(ROOT, source.fileName);
    if (!path.startsWith('lib/')) continue;
    write(path, inJsiiDialect(source, checker));
  }
  write('index.ts', publicSurface(program.getSourceFile(entry)!));
  write('package.json', `${JSON.stringify(constructsManifest(ROOT), undefined, 2)}\n`);
  cpSync(join(ROOT, 'LICENSE'), join(CONSTRUCTS_FOLDER, 'LICENSE'));
  cpSync(join(__dirname, 'README.md'), join(CONSTRUCTS_FOLDER, 'README.md'));
  bundleDockerfileParser();
}

function write(path: string, text: string): void {
  const file = join(CONSTRUCTS_FOLDER, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function publicSurface(entry: ts.SourceFile): string {
  const lines = entry.statements.filter(ts.isExportDeclaration).map(statement => {
    const { elements } = statement.exportClause as ts.NamedExports;
    const names = elements.map(({ name }) => name.text).filter(name => !ERROR_CLASS.test(name));
    const module = (statement.moduleSpecifier as ts.StringLiteral).text.replace('./', './lib/infra/');
    return names.length > 0 ? `export { ${names.join(', ')} } from '${module}';\n` : '';
  });
  return `${lines.join('')}export { ${CONTRACT_TYPES.join(', ')} } from './lib/contract';\n`;
}

/** npm puts a bundled dependency into the package only from the package's own node_modules. */
function bundleDockerfileParser(): void {
  const pending = ['dockerfile-ast'];
  for (const name of pending) {
    const folder = join(ROOT, 'node_modules', name);
    cpSync(folder, join(CONSTRUCTS_FOLDER, 'node_modules', name), { recursive: true });
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    pending.push(...Object.keys(dependencies));
  }
}
