import * as fs from 'node:fs';
import * as path from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import ts from 'typescript';
import { newApp } from './synthesis';

const ROOT = path.join(__dirname, '..', '..');

/** The examples of docs/constructs.md, each with the heading that it stands under. Their types: test/docs/examples.test.ts. */
const examples = (() => {
  const found: { heading: string; code: string }[] = [];
  let heading = '';
  for (const [, title, code] of fs
    .readFileSync(path.join(ROOT, 'docs', 'constructs.md'), 'utf8')
    .matchAll(/^##+ (.*)$|^```ts\n([\s\S]*?)^```$/gm)) {
    if (title) heading = title;
    else found.push({ heading: `${heading}, line "${code!.trim().split('\n').at(-1)}"`, code: code! });
  }
  return found;
})();

/** An example as a module: its imports, then the rest as a function of the app and the stack that it speaks of. */
function moduleOf(code: string): string {
  const imports = code.split('\n').filter(line => line.startsWith('import '));
  const body = code.split('\n').filter(line => !line.startsWith('import '));
  return [
    ...imports,
    `export function example(app: import('aws-cdk-lib').App, stack: import('aws-cdk-lib').Stack): void {`,
    ...body,
    'void [app, stack];',
    '}',
  ].join('\n');
}

test('every construct of the index has an example', () => {
  const text = examples.map(({ code }) => code).join();
  for (const name of [
    'BidiEndpoint',
    'BidiImage',
    'BidiModel',
    'ModelData',
    'DeepgramEndpoint',
    'Rollout',
    'BidiMonitoring',
  ]) {
    expect(text).toContain(name);
  }
  for (const name of [
    'BidiPrivateAccess',
    'BidiGatewayService',
    'BidiImageRepository',
    'EchoBidiStack',
    'DeepgramStack',
    'autoScaleConcurrency',
    'grantInvoke',
  ]) {
    expect(text).toContain(name);
  }
});

test.each(examples)('synthesizes: $heading', ({ code }) => {
  const { outputText } = ts.transpileModule(moduleOf(code), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const loaded: { example?: (app: App, stack: Stack) => void } = {};
  const load = (name: string) => (name === 'sagemaker-bidi-kit' ? require('../../lib') : require(name));
  new Function('exports', 'require', outputText)(loaded, load);

  const app = newApp();
  const stack = new Stack(app, 'Stack', { env: { account: '123456789012', region: 'us-east-1' } });
  loaded.example!(app, stack);
  const stacks = app.node.findAll().filter(Stack.isStack);
  const created: Record<string, number> = {};
  for (const { Type } of stacks.flatMap(each => resourcesOf(each))) created[Type] = (created[Type] ?? 0) + 1;
  expect(created).toMatchSnapshot();
});

/** What the example creates, without what the CDK adds by itself: roles and functions of its custom resources. */
function resourcesOf(stack: Stack): { Type: string }[] {
  const resources = Object.entries(Template.fromStack(stack).toJSON().Resources ?? {}) as [string, { Type: string }][];
  return resources
    .filter(([id, { Type }]) => !/^Custom|CustomResourceProvider/.test(id) && !Type.startsWith('Custom::'))
    .map(([, resource]) => resource);
}
