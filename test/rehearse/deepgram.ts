import assert from 'node:assert/strict';
import type { Cdk } from '../acceptance/cdk';
import type { Deployed } from '../acceptance/deployed';
import type { Scorecard } from '../interop/scorecard';
import { MODEL_PACKAGE_ARN } from './rehearsal-account';

const POOL = ['ml.g6.2xlarge', 'ml.g6e.2xlarge', 'ml.g5.2xlarge'];
const CONTEXT = [
  `modelPackageArn=${MODEL_PACKAGE_ARN}`,
  `DeepgramStack:instanceTypes=${POOL.join(',')}`,
  'DeepgramStack:maxCapacity=4',
  'DeepgramStack:targetConcurrency=20',
  'DeepgramStack:invokePolicy=true',
];

/** The stack of a model package, from deployment to destroy. */
export async function rehearseDeepgram(cdk: Cdk, deployed: Deployed, scorecard: Scorecard): Promise<void> {
  const outputs = await scorecard.check('cdk deploy DeepgramStack -c modelPackageArn=...', () =>
    cdk.deploy('DeepgramStack', CONTEXT),
  );
  if (!outputs) return;
  await scorecard.check('the model package, its pool and its isolation are what the construct was told', async () => {
    const { endpoint, config, model } = await deployed.endpoint(outputs.EndpointName!);
    assert.equal(endpoint.EndpointStatus, 'InService');
    assert.equal(model.PrimaryContainer?.ModelPackageName, MODEL_PACKAGE_ARN);
    assert.equal(model.PrimaryContainer?.Image, undefined);
    assert.equal(model.EnableNetworkIsolation, true);
    const [variant] = config.ProductionVariants ?? [];
    assert.deepEqual(
      variant?.InstancePools?.map(pool => pool.InstanceType),
      POOL,
    );
    assert.equal(variant?.InferenceAmiVersion, 'al2023-ami-sagemaker-inference-gpu-4-1');
  });
  await scorecard.check('DeepgramStack scales, alarms and allows as it was told', async () => {
    const types = await deployed.resourceTypes('DeepgramStack');
    for (const type of [
      'AWS::ApplicationAutoScaling::ScalableTarget',
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::Dashboard',
      'AWS::IAM::ManagedPolicy',
    ]) {
      assert.ok(types.has(type), `no ${type} was created`);
    }
  });
  await scorecard.check('cdk destroy DeepgramStack', () => cdk.destroy(['DeepgramStack'], CONTEXT));
}
