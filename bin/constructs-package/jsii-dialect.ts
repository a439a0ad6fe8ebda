import { dirname, relative } from 'node:path';
import * as ts from 'typescript';

/** A change of a source file: the text from `start` to `end` is replaced. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A source file in the part of TypeScript that jsii takes. What its readers see stays the same:
 *
 * - `readonly T[]` is `T[]`: jsii knows no read-only arrays.
 * - An interface that leaves out or declares again what it inherits is written out member by member: jsii knows no `Omit`, and C# no
 *   second declaration.
 * - A constant that is a getter is a field, as the CDK has its own `PROPERTY_INJECTION_ID`: jsii takes no other in capitals.
 */
export function inJsiiDialect(source: ts.SourceFile, checker: ts.TypeChecker): string {
  const imports = new Map<string, string>();
  const edits: Edit[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node) && needsWritingOut(node, checker)) {
      edits.push(...writtenOut(node, checker, imports));
    }
    if (ts.isGetAccessor(node) && /^[A-Z_]+$/.test(node.name.getText())) {
      const [returned] = node.body!.statements as unknown as [ts.ReturnStatement];
      const text = `static readonly ${node.name.getText()}: string = ${returned.expression!.getText()};`;
      edits.push({ start: node.getStart(), end: node.end, text });
    }
    if (
      ts.isTypeOperatorNode(node) &&
      node.operator === ts.SyntaxKind.ReadonlyKeyword &&
      !ts.isAsExpression(node.parent)
    ) {
      edits.push({ start: node.getStart(), end: node.type.getStart(), text: '' });
    }
    if (ts.isSatisfiesExpression(node) && ts.isAsExpression(node.expression)) {
      // `as const` makes read-only arrays.
      edits.push({ start: node.expression.expression.end, end: node.expression.end, text: '' });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const imported = [...imports].map(([name, module]) => `import type { ${name} } from '${module}';\n`).join('');
  return withoutUnusedImports(imported + edited(source.text, edits));
}

function edited(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((one, other) => other.start - one.start)
    .reduce((result, { start, end, text: part }) => result.slice(0, start) + part + result.slice(end), text);
}

function heritageOf(node: ts.InterfaceDeclaration): readonly ts.ExpressionWithTypeArguments[] {
  return node.heritageClauses?.flatMap(clause => clause.types) ?? [];
}

function needsWritingOut(node: ts.InterfaceDeclaration, checker: ts.TypeChecker): boolean {
  return heritageOf(node).some(base => {
    if (base.expression.getText() === 'Omit') return true;
    const type = checker.getTypeAtLocation(base);
    return node.members.some(({ name }) => name && checker.getPropertyOfType(type, name.getText()) !== undefined);
  });
}

/** The inherited members are put behind the interface's own, and what it extends is taken away. */
function writtenOut(node: ts.InterfaceDeclaration, checker: ts.TypeChecker, imports: Map<string, string>): Edit[] {
  const inherited = checker
    .getPropertiesOfType(checker.getTypeAtLocation(node))
    .map(property => property.declarations![0]!)
    .filter(declaration => declaration.parent !== node);
  for (const declaration of inherited) importTypesOf(declaration, node.getSourceFile(), checker, imports);
  const members = inherited.map(declaration =>
    `  ${declaration.getFullText().trim()}\n`.replace(/\breadonly (?=[A-Za-z.]+\[\])/g, ''),
  );
  const [first] = node.heritageClauses!;
  return [
    { start: first!.getFullStart(), end: node.heritageClauses!.at(-1)!.end, text: '' },
    { start: node.end - 1, end: node.end - 1, text: members.join('') },
  ];
}

/** Imports the types that a member names where it was declared. */
function importTypesOf(
  declaration: ts.Declaration,
  into: ts.SourceFile,
  checker: ts.TypeChecker,
  imports: Map<string, string>,
): void {
  const here = new Set(
    checker.getSymbolsInScope(into.endOfFileToken, ts.SymbolFlags.Type | ts.SymbolFlags.Alias).map(({ name }) => name),
  );
  const visit = (node: ts.Node): void => {
    if (ts.isTypeReferenceNode(node)) {
      const name = ts.isQualifiedName(node.typeName) ? node.typeName.left : node.typeName;
      if (!here.has(name.getText())) imports.set(name.getText(), moduleOf(name, into, checker));
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
}

/** The module from which a file imports the type that another file calls so. */
function moduleOf(name: ts.Node, into: ts.SourceFile, checker: ts.TypeChecker): string {
  const symbol = checker.getSymbolAtLocation(name)!;
  const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const file = original.declarations![0]!.getSourceFile().fileName;
  const library = /\/node_modules\/(aws-cdk-lib(?:\/aws-[^/]+)?|constructs)\//.exec(file);
  if (library) return library[1]!;
  const path = relative(dirname(into.fileName), file).replace(/(\.d)?\.ts$/, '');
  return path.startsWith('.') ? path : `./${path}`;
}

/** jsii refuses unused imports. */
function withoutUnusedImports(text: string): string {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2022, true);
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if (!ts.isImportDeclaration(node)) ts.forEachChild(node, visit);
  };
  visit(source);
  const edits = source.statements.filter(ts.isImportDeclaration).flatMap(statement => {
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) return [];
    const kept = bindings.elements.filter(({ name }) => used.has(name.text));
    if (kept.length === bindings.elements.length) return [];
    if (kept.length === 0) return [{ start: statement.getStart(), end: statement.end, text: '' }];
    const list = `{ ${kept.map(element => element.getText()).join(', ')} }`;
    return [{ start: bindings.getStart(), end: bindings.end, text: list }];
  });
  return edited(text, edits);
}
