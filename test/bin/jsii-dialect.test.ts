import * as ts from 'typescript';
import { inJsiiDialect } from '../../bin/constructs-package/jsii-dialect';

/** The files in jsii's dialect, by their names. They lie in one folder and are checked together. */
function translated(files: Readonly<Record<string, string>>): Record<string, string> {
  const options: ts.CompilerOptions = { noLib: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
  const host = ts.createCompilerHost(options);
  const lib = `
    interface Array<T> {} interface ReadonlyArray<T> {}
    type Exclude<T, U> = T extends U ? never : T;
    type Pick<T, K extends keyof T> = { [P in K]: T[P] };
    type Omit<T, K> = Pick<T, Exclude<keyof T, K>>;`;
  const sources = new Map(Object.entries({ ...files, 'lib.ts': lib }).map(([name, text]) => [`/${name}`, text]));
  host.fileExists = file => sources.has(file);
  host.readFile = file => sources.get(file);
  host.getSourceFile = file => {
    const text = sources.get(file);
    return text === undefined ? undefined : ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  };
  host.getCurrentDirectory = () => '/';
  const program = ts.createProgram([...sources.keys()], options, host);
  const checker = program.getTypeChecker();
  const inDialect = Object.keys(files).map(name => [name, inJsiiDialect(program.getSourceFile(`/${name}`)!, checker)]);
  return Object.fromEntries(inDialect);
}

const oneFile = (text: string) => translated({ 'file.ts': text })['file.ts'];

test('a read-only array is an array; a member that is read-only stays so', () => {
  expect(oneFile('export interface Props { readonly names: readonly string[]; readonly one: string }')).toBe(
    'export interface Props { readonly names: string[]; readonly one: string }',
  );
  expect(
    oneFile('export function join(...parts: readonly string[]): readonly (readonly string[])[] { return []; }'),
  ).toBe('export function join(...parts: string[]): (string[])[] { return []; }');
});

test('a list that is checked against a type loses "as const", which would make it read-only; another keeps it', () => {
  expect(oneFile("const NAMES = ['a'] as const satisfies readonly string[];")).toBe(
    "const NAMES = ['a'] satisfies string[];",
  );
  expect(oneFile("const NAMES = ['a'] as const;")).toBe("const NAMES = ['a'] as const;");
});

test('a getter in capitals is a constant; another getter stays', () => {
  expect(oneFile("class A { static get PROPERTY_ID(): string { return 'kit.A'; } get other() { return 1; } }")).toBe(
    "class A { static readonly PROPERTY_ID: string = 'kit.A'; get other() { return 1; } }",
  );
});

describe('an interface', () => {
  const base = `import { Other } from './other';
export interface Base {
  /** What it is called. */
  readonly name: string;
  readonly tags?: readonly string[];
  readonly other?: Other;
}
`;
  const files = { 'base.ts': base, 'other.ts': 'export class Other {}' };

  test('that leaves out what it inherits is written out, with the words and the imports of its members', () => {
    const text = translated({
      ...files,
      'own.ts':
        "import { Base } from './base';\nexport interface Own extends Omit<Base, 'tags'> { readonly mine: number }",
    })['own.ts']!;
    expect(text).not.toMatch(/extends|Omit|tags|import \{ Base \}/);
    expect(text).toContain('/** What it is called. */\n  readonly name: string;');
    expect(text).toContain('readonly mine: number');
    expect(text).toContain("import type { Other } from './other';");
  });

  test('that declares again what it inherits is written out, with its own declaration', () => {
    const text = translated({
      ...files,
      'own.ts': "import { Base } from './base';\nexport interface Own extends Base { readonly name: 'mine' }",
    })['own.ts']!;
    expect(text).not.toContain('extends');
    expect(text).toContain("readonly name: 'mine'");
    expect(text).not.toContain('readonly name: string');
    expect(text).toContain('readonly tags?: string[];');
  });

  test('that only adds to what it inherits stays as it is', () => {
    const text = "import { Base } from './base';\nexport interface Own extends Base { readonly mine: number }";
    expect(translated({ ...files, 'own.ts': text })['own.ts']).toBe(text);
  });
});

test('an import that is no longer used goes; the others of its line stay', () => {
  expect(oneFile("import { A, B } from './a';\nexport const one: A = 1;")).toBe(
    "import { A } from './a';\nexport const one: A = 1;",
  );
});
