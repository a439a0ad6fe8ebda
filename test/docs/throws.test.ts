import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '..', '..');

/** Whether a body refuses something itself: by a `throw` of its own that no `catch` around it takes, or by `throwIfInvalid`. */
function refuses(body: ts.Node): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isThrowStatement(node) && ts.isNewExpression(node.expression)) found = true;
    if (ts.isCallExpression(node) && node.expression.getText() === 'throwIfInvalid') found = true;
    if (ts.isTryStatement(node) && node.catchClause) return;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
  return found;
}

/** Constructors, static factories and exported functions that refuse something and do not document it. */
function undocumented(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const check = (node: ts.FunctionLikeDeclaration, name: string) => {
    const documents = ts.getJSDocTags(node).some(tag => tag.tagName.text === 'throws');
    if (node.body && !documents && refuses(node.body)) found.push(`${relative(ROOT, file)}: ${name}`);
  };
  const isExported = (node: ts.Declaration) => (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && isExported(statement)) check(statement, `${statement.name?.text}()`);
    if (!ts.isClassDeclaration(statement) || !isExported(statement)) continue;
    for (const member of statement.members) {
      if (ts.isConstructorDeclaration(member)) check(member, `new ${statement.name?.text}()`);
      else if (ts.isMethodDeclaration(member) && ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Static)
        check(member, `${statement.name?.text}.${member.name.getText()}()`);
    }
  }
  return found;
}

test('every constructor, factory and function that can refuse documents @throws', () => {
  const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.ts'),
  );
  expect(files.flatMap(file => undocumented(join(ROOT, 'lib', file)))).toEqual([]);
});
