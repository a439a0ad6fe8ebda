/** The same app as app.py. test/constructs/constructs.ts compares their templates. */
import { App, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import {
  BidiEndpoint,
  BidiImage,
  BidiModel,
  BidiMonitoring,
  BidiPrivateAccess,
  DeepgramEndpoint,
  ModelData,
  Rollout,
  VllmEndpoint,
} from '../../lib';

const ECHO = process.env.ECHO_DIRECTORY!;
const PACKAGE_ARN = 'arn:aws:sagemaker:us-east-1:123456789012:model-package/deepgram-nova-3';

class StreamingStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    const vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'private', subnetType: SubnetType.PRIVATE_ISOLATED }],
    });
    const endpoint = new BidiEndpoint(this, 'Echo', {
      endpointName: 'echo',
      model: BidiModel.fromImage(BidiImage.fromDirectory(ECHO, { localCommand: ['node', 'dist/server.js'] }), {
        environment: { LOG_LEVEL: 'info' },
      }),
      instanceTypes: ['ml.m5.xlarge', 'ml.c6i.large'],
      instanceCount: 2,
      rollout: Rollout.canary({ stepPercent: 50, bake: Duration.minutes(10) }),
      vpc,
    });
    endpoint.autoScaleConcurrency({ minCapacity: 2, maxCapacity: 6, targetConcurrency: 40 });
    const monitoring = new BidiMonitoring(this, 'Monitoring', { endpoint });
    endpoint.addRollbackAlarms(...monitoring.rollbackAlarms);
    const access = new BidiPrivateAccess(this, 'PrivateAccess', { vpc });
    access.addEndpoint(endpoint);

    new DeepgramEndpoint(this, 'Deepgram', {
      endpointName: 'nova',
      modelPackageArn: PACKAGE_ARN,
      query: 'model=nova-3&language=de',
    });

    const bucket = new Bucket(this, 'Models');
    new VllmEndpoint(this, 'Voxtral', {
      endpointName: 'voxtral',
      modelData: ModelData.fromPrefix(bucket, 'voxtral/'),
      instanceType: 'ml.g6.2xlarge',
    });
  }
}

const app = new App({ analyticsReporting: false });
new StreamingStack(app, 'StreamingStack', { env: { account: '123456789012', region: 'us-east-1' } });
app.synth();
