import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Annotations, App, Stack, Validations } from 'aws-cdk-lib';
import { EXPLANATION_METADATA_KEY, ExplainedError, type ExplanationMetadata } from '../lib/contract';
import {
  BidiImageRepository,
  ContainerStack,
  DeepgramStack,
  EchoBidiStack,
  GatewayStack,
  ModelPackageStack,
  VllmStack,
} from '../lib/infra';
import { FROM_SOURCE } from '../lib/infra/kit-container';
import { containerStackName } from './container-stack-name';
import { readAppContext } from './context/app-context';
import type { NagPackName } from './context/context-keys';

/** Each pack is loaded only when it is asked for: they are most of what this app would have to load. */
const NAG_PACK_MODULES: Record<NagPackName, () => new (app: App) => import('cdk-nag').NagPack> = {
  AwsSolutions: () => require('cdk-nag/lib/packs/aws-solutions').AwsSolutionsChecks,
  HIPAASecurity: () => require('cdk-nag/lib/packs/hipaa-security').HIPAASecurityChecks,
  NIST80053R4: () => require('cdk-nag/lib/packs/nist-800-53-r4').NIST80053R4Checks,
  NIST80053R5: () => require('cdk-nag/lib/packs/nist-800-53-r5').NIST80053R5Checks,
  PCIDSS321: () => require('cdk-nag/lib/packs/pci-dss-321').PCIDSS321Checks,
  Serverless: () => require('cdk-nag/lib/packs/serverless').ServerlessChecks,
};

/**
 * Adds a stack, or an empty one with the error that the stack's properties caused. The CDK CLI shows that error only when the stack
 * is selected, so that `cdk deploy EchoBidiStack` works while the model package of `DeepgramStack` is one of another region.
 */
function addStack(app: App, id: string, create: () => void): void {
  try {
    create();
  } catch (error) {
    if (!(error instanceof ExplainedError)) throw error;
    app.node.tryRemoveChild(id);
    const stack = new Stack(app, id);
    const { message, what, why, next } = error;
    Annotations.of(stack).addError(message);
    stack.node.addMetadata(
      EXPLANATION_METADATA_KEY,
      JSON.stringify({ message, what, why, next } satisfies ExplanationMetadata),
    );
  }
}

/** The feature flags of cdk.json. In the repository the CDK CLI reads them; the app of the package runs in a folder of the user's. */
function featureFlags(): Record<string, unknown> | undefined {
  if (FROM_SOURCE) return undefined;
  const kit = dirname(require.resolve('sagemaker-bidi-kit/package.json'));
  return (JSON.parse(readFileSync(join(kit, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> }).context;
}

function main(): void {
  const app = new App({ context: featureFlags() });
  const context = readAppContext(app, [
    'EchoBidiStack',
    'ContainerStack',
    'DeepgramStack',
    'ModelPackageStack',
    'VllmStack',
    'GatewayStack',
  ]);
  const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };

  const images =
    context.imageRepository === undefined
      ? undefined
      : new BidiImageRepository(new Stack(app, 'EchoImages', { env }), 'Images', {
          repositoryName: context.imageRepository,
        });
  addStack(app, 'EchoBidiStack', () => {
    const synthesizer = images?.synthesizer();
    const stack = new EchoBidiStack(app, 'EchoBidiStack', {
      env,
      synthesizer,
      endpointName: 'echo-bidi',
      ...context.forStack('EchoBidiStack'),
    });
    if (images) stack.addStackDependency(Stack.of(images));
  });
  const { imageDirectory, ...container } = context.forStack('ContainerStack');
  if (imageDirectory !== undefined) {
    addStack(app, 'ContainerStack', () => {
      const { endpointName } = container;
      // The stacks of two folders are two stacks in the account too.
      const stackName = endpointName === undefined ? undefined : containerStackName(endpointName);
      new ContainerStack(app, 'ContainerStack', {
        env,
        stackName,
        endpointName: 'container-bidi',
        imageDirectory,
        ...container,
      });
    });
  }
  addStack(app, 'DeepgramStack', () => {
    new DeepgramStack(app, 'DeepgramStack', {
      env,
      endpointName: 'deepgram-bidi',
      ...context.forStack('DeepgramStack'),
    });
  });
  addStack(app, 'ModelPackageStack', () => {
    new ModelPackageStack(app, 'ModelPackageStack', {
      env,
      endpointName: 'model-package-bidi',
      ...context.forStack('ModelPackageStack'),
    });
  });
  addStack(app, 'VllmStack', () => {
    new VllmStack(app, 'VllmStack', { env, endpointName: 'vllm-bidi', ...context.forStack('VllmStack') });
  });
  addStack(app, 'GatewayStack', () => {
    new GatewayStack(app, 'GatewayStack', { env, ...context.forGateway('GatewayStack') });
  });

  for (const name of context.nagPacks) Validations.of(app).addPlugins(new (NAG_PACK_MODULES[name]())(app));
}

// For people, without its stack; a program that runs this app has the error itself, from its `uncaughtExceptionMonitor`.
process.once('uncaughtException', error => {
  process.stderr.write(`${error instanceof ExplainedError ? error.message : error.stack}\n`);
  process.exit(1);
});
main();
