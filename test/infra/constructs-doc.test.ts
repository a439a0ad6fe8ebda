import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import ts from 'typescript';
import { constructsExamples, moduleOf } from '../docs/constructs-examples';
import { newApp } from './synthesis';

const examples = constructsExamples();

test('every construct of the index has an example', () => {
  const text = examples.map(({ typescript }) => typescript).join();
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

// `npm run test:constructs` runs both and compares their templates.
test('every example stands in TypeScript and in Python', () => {
  expect(examples.filter(({ python }) => python === undefined)).toEqual([]);
});

test.each(examples)('synthesizes: $heading', ({ typescript }) => {
  const { outputText } = ts.transpileModule(moduleOf(typescript), {
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
