import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PAGE = join(resolve(__dirname, '../..'), 'docs', 'constructs.md');

/** One example of docs/constructs.md, in both languages. */
export interface ConstructsExample {
  /** The heading that it stands under, and its last line. */
  readonly heading: string;
  readonly typescript: string;
  /** The block right behind it. */
  readonly python: string | undefined;
}

/** The examples of docs/constructs.md, in their order. */
export function constructsExamples(): ConstructsExample[] {
  const found: ConstructsExample[] = [];
  let heading = '';
  for (const [, title, typescript, python] of readFileSync(PAGE, 'utf8').matchAll(
    /^##+ (.*)$|^```ts\n([\s\S]*?)^```$(?:\n\n```python\n([\s\S]*?)^```$)?/gm,
  )) {
    if (title) heading = title;
    else {
      const last = typescript!.trim().split('\n').at(-1);
      found.push({ heading: `${heading}, line "${last}"`, typescript: typescript!, python });
    }
  }
  return found;
}

/** An example as a module: its imports, then the rest as a function of the app and the stack that it speaks of. */
export function moduleOf(typescript: string): string {
  const imports = typescript.split('\n').filter(line => line.startsWith('import '));
  const body = typescript.split('\n').filter(line => !line.startsWith('import '));
  return [
    ...imports,
    `export function example(app: import('aws-cdk-lib').App, stack: import('aws-cdk-lib').Stack): void {`,
    ...body,
    'void [app, stack];',
    '}',
  ].join('\n');
}
