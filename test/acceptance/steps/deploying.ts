import assert from 'node:assert/strict';
import { endpointLogGroup, runtimeUri, StackOutput } from '../../../lib/contract';
import { contextWords } from '../cdk';
import { observe } from '../observe';
import { deploymentContext, ENDPOINT_NAME, STACK, type Stage, type Step, VARIANT_NAME } from '../stage';

interface Report {
  readonly findings: readonly { readonly name: string; readonly verdict: string; readonly seen: string }[];
}

/** `bidi preflight` for an instance type. @returns what would fail the deployment */
async function preflight(stage: Stage, instanceType: string, abortSignal: AbortSignal): Promise<Report> {
  const { cdk, region } = stage.backend;
  const words = ['preflight', STACK, '--region', region, ...contextWords(deploymentContext(instanceType))];
  return (await cdk.bidi(words, { exitCodes: [0, 1], abortSignal })) as Report;
}

function failuresOf({ findings }: Report): string[] {
  return findings.filter(({ verdict }) => verdict === 'fail').map(({ name, seen }) => `${name}: ${seen}`);
}

/** The stack's outputs, as they are promised. */
function assertOutputs(outputs: Readonly<Record<string, string>>, region: string): void {
  assert.equal(outputs[StackOutput.RUNTIME_URI], runtimeUri(region));
  assert.equal(outputs[StackOutput.ENDPOINT_NAME], ENDPOINT_NAME);
  assert.match(outputs[StackOutput.ENDPOINT_ARN] ?? '', new RegExp(`:\\d{12}:endpoint/${ENDPOINT_NAME}$`));
  const streamUrl = `${runtimeUri(region)}/endpoints/${ENDPOINT_NAME}/invocations-bidirectional-stream`;
  assert.equal(outputs[StackOutput.STREAM_URL], streamUrl);
  assert.match(outputs[StackOutput.IMAGE_URI] ?? '', /^\d{12}\.dkr\.ecr\..+\/cdk-hnb659fds-container-assets-/);
  assert.equal(outputs[StackOutput.LOG_GROUP_NAME], endpointLogGroup(ENDPOINT_NAME));
  assert.match(outputs[StackOutput.DASHBOARD_URL] ?? '', /^https:\/\//);
  assert.match(outputs[StackOutput.TRY_IT] ?? '', new RegExp(ENDPOINT_NAME));
}

/** Model, configuration and endpoint, as the API describes them. */
async function assertDeployed({ backend, outputs, instanceType }: Stage): Promise<void> {
  const { endpoint, config, model } = await backend.deployed.endpoint(ENDPOINT_NAME);
  assert.equal(endpoint.EndpointStatus, 'InService');
  assert.equal(model.PrimaryContainer?.Image, outputs[StackOutput.IMAGE_URI]);
  assert.deepEqual(model.PrimaryContainer?.Environment, { GREETING: 'hello' });
  assert.equal(model.EnableNetworkIsolation, false);
  assert.match(model.ExecutionRoleArn ?? '', /^arn:aws[a-z-]*:iam::\d{12}:role\//);
  const [variant, ...others] = config.ProductionVariants ?? [];
  assert.deepEqual(others, []);
  assert.equal(variant?.VariantName, VARIANT_NAME);
  assert.equal(variant?.InstanceType, instanceType);
  assert.equal(variant?.InitialInstanceCount, 1);
  assert.equal(variant?.ModelName, model.ModelName);
}

/** Deploys the stack as the source tree has it. */
export async function deploy(stage: Stage, abortSignal: AbortSignal): Promise<void> {
  const { backend, instanceType } = stage;
  stage.isDeployed = true; // from now on, even if it fails
  stage.outputs = await backend.cdk.deploy(STACK, deploymentContext(instanceType), { abortSignal });
  await backend.serveDeployed(abortSignal);
}

/** What comes first, and what the endpoint is then. */
export const DEPLOYING: readonly Step[] = [
  {
    name: 'preflight',
    title: 'the stack is not there yet, and bidi preflight finds nothing in the way of it',
    boundMinutes: 5,
    play: async (stage, abortSignal) => {
      const { backend } = stage;
      const status = await backend.deployed.stackStatus(STACK);
      if (status !== undefined) {
        throw new Error(
          `${STACK} is there already (${status}). The acceptance deploys it, changes it and destroys it: destroy it yourself first, or take another region or account.`,
        );
      }
      const refusals: string[] = [];
      for (const instanceType of backend.instanceTypes) {
        const failures = failuresOf(await preflight(stage, instanceType, abortSignal));
        if (failures.length === 0) {
          stage.instanceType = instanceType;
          return `it can run on ${instanceType}`;
        }
        refusals.push(`${instanceType}: ${failures.join(' ')}`);
      }
      throw new Error(refusals.join('\n'));
    },
  },
  {
    name: 'deploy',
    title: 'cdk deploy makes the endpoint that the construct was told to make',
    boundMinutes: 30,
    play: async (stage, abortSignal) => {
      const { backend, instanceType } = stage;
      await deploy(stage, abortSignal);
      assertOutputs(stage.outputs, backend.region);
      await assertDeployed(stage);
      const { judgeCreation } = backend.cannot;
      if (judgeCreation) {
        stage.skip('whether RetainAllVariantProperties is taken when an endpoint is created', judgeCreation);
      } else {
        // The stack scales, so its endpoint was created with the property set.
        observe(stage, 'retain-all-variant-properties-at-creation', 'accepted');
      }
      return `${ENDPOINT_NAME} in service on ${instanceType}, outputs, model and configuration as told`;
    },
  },
  {
    name: 'status',
    title: 'bidi status --wait finds it in service, and bidi preflight knows it as its own',
    boundMinutes: 5,
    play: async (stage, abortSignal) => {
      const { cdk, region } = stage.backend;
      const status = JSON.stringify(await cdk.bidi(['status', STACK, '--region', region, '--wait'], { abortSignal }));
      for (const word of [ENDPOINT_NAME, 'InService', stage.instanceType]) assert.ok(status.includes(word), word);
      const report = await preflight(stage, stage.instanceType, abortSignal);
      assert.deepEqual(failuresOf(report), []);
      const own = report.findings.find(({ name }) => name === 'endpoint-name');
      assert.equal(own?.verdict, 'pass');
      return 'in service';
    },
  },
  {
    name: 'image',
    title: 'bidi check finds no fault in the pushed image',
    boundMinutes: 5,
    play: async ({ backend: { cdk }, outputs }, abortSignal) => {
      const image = outputs[StackOutput.IMAGE_URI]!;
      const words = ['check', image, '--pushed', '--no-live'];
      const { findings } = (await cdk.bidi(words, { exitCodes: [0, 1], abortSignal })) as Report;
      assert.ok(findings.length >= 5);
      const faults = findings.filter(({ verdict }) => verdict !== 'pass').map(({ name, seen }) => `${name}: ${seen}`);
      assert.deepEqual(faults, []);
      return `${findings.length} rules kept`;
    },
  },
];
