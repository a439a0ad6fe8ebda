import { join } from 'node:path';
import { App, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import cdkJson from '../../cdk.json';
import { type DeepgramProductName, DeepgramProducts } from '../../lib/contract';
import {
  BidiEndpoint,
  BidiImage,
  BidiModel,
  BidiMonitoring,
  DeepgramStack,
  type DeepgramStackProps,
  EchoBidiStack,
  type EchoBidiStackProps,
  ExecutionRole,
  GatewayStack,
  type GatewayStackProps,
  Rollout,
  VllmStack,
} from '../../lib/infra';
import { ACCOUNT, REGION } from './rehearsal-account';

const SCALING = { minCapacity: 2, maxCapacity: 8, targetConcurrency: 20 };
const ALARM_TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:on-call`;
const VPC = 'vpc-0123456789abcdef0';

/** What `cdk context` would hold after the look-up of the VPC. */
const VPC_CONTEXT = {
  [`vpc-provider:account=${ACCOUNT}:filter.vpc-id=${VPC}:region=${REGION}:returnAsymmetricSubnets=true`]: {
    vpcId: VPC,
    vpcCidrBlock: '10.0.0.0/16',
    ownerAccountId: ACCOUNT,
    availabilityZones: [],
    subnetGroups: [
      {
        name: 'Private',
        type: 'Private',
        subnets: ['a', 'b'].map((zone, index) => ({
          subnetId: `subnet-0123456789abcde${index}0`,
          cidr: `10.0.${index}.0/24`,
          availabilityZone: `${REGION}${zone}`,
          routeTableId: `rtb-0123456789abcde${index}0`,
        })),
      },
    ],
  },
};

const TYPES = ['ml.g6.2xlarge', 'ml.g6e.2xlarge', 'ml.g5.2xlarge'];

const ECHO: Record<string, EchoBidiStackProps> = {
  plain: {},
  pool: { instanceTypes: TYPES },
  scaled: { scaling: SCALING, instanceCount: 2, alarmTopicArn: ALARM_TOPIC, invokePolicy: true },
  paused: { scaling: { ...SCALING, paused: true }, instanceCount: 2 },
  canary: { rollout: 'canary', instanceCount: 4 },
  linear: { rollout: 'linear', instanceCount: 4 },
  rolling: { rollout: 'rolling', instanceCount: 4 },
  private: { vpcId: VPC, privateAccess: true },
  environment: { environment: { GREETING: 'hello' }, endpointName: 'echo-two' },
};

const DEEPGRAM: Record<string, Omit<DeepgramStackProps, 'modelPackageArn'>> = {
  scaled: { instanceTypes: TYPES, scaling: SCALING, alarmTopicArn: ALARM_TOPIC, invokePolicy: true },
  private: { vpcId: VPC, privateAccess: true },
};

const GATEWAY: Record<string, GatewayStackProps> = {
  private: { publicLoadBalancer: false, vpcId: VPC, tokenSecret: 'speech/tokens', alarmTopicArn: ALARM_TOPIC },
  public: {
    publicLoadBalancer: true,
    certificateArn: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef`,
    domainName: 'speech.example.com',
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    allowedOrigins: ['https://app.example.com'],
  },
};

/** One stack with one set of properties in one region, or in none. */
export interface MatrixTemplate {
  readonly title: string;
  readonly region?: string;
  readonly file: string;
}

/** Synthesizes every template of the matrix into a directory. */
export function synthesizeMatrix(directory: string): MatrixTemplate[] {
  const templates: MatrixTemplate[] = [];
  const add = (title: string, region: string | undefined, create: (app: App, env: StackProps) => void) => {
    const outdir = join(directory, title.replaceAll(/\W+/g, '-'));
    // cfn-lint is the judge here, not the validation that the CDK brings.
    const app = new App({
      outdir,
      context: { ...cdkJson.context, ...VPC_CONTEXT },
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
    });
    create(app, region ? { env: { account: ACCOUNT, region } } : {});
    for (const stack of app.synth().stacks) templates.push({ title, region, file: stack.templateFullPath });
  };
  for (const [name, props] of Object.entries(ECHO)) {
    add(`echo ${name}`, REGION, (app, env) => new EchoBidiStack(app, 'EchoBidiStack', { ...env, ...props }));
  }
  const deepgram = (title: string, region: string | undefined, props: Partial<DeepgramStackProps>) => {
    const modelPackageArn = `arn:aws:sagemaker:${region ?? REGION}:${ACCOUNT}:model-package/speech/1`;
    add(title, region, (app, env) => new DeepgramStack(app, 'DeepgramStack', { modelPackageArn, ...env, ...props }));
  };
  for (const [name, props] of Object.entries(DEEPGRAM)) deepgram(`deepgram ${name}`, REGION, props);
  for (const product of Object.keys(DeepgramProducts) as DeepgramProductName[]) {
    deepgram(`deepgram ${product}`, REGION, { product });
  }
  for (const region of ['eu-central-1', undefined]) {
    add(`echo in ${region ?? 'any region'}`, region, (app, env) => new EchoBidiStack(app, 'EchoBidiStack', env));
    deepgram(`deepgram in ${region ?? 'any region'}`, region, {});
    add(`vllm in ${region ?? 'any region'}`, region, (app, env) => new VllmStack(app, 'VllmStack', env));
  }
  const fromHub = { hubModel: 'mistralai/Voxtral-Mini-4B-Realtime-2602', hubTokenSecret: 'hub' };
  add('vllm from the hub', REGION, (app, env) => new VllmStack(app, 'VllmStack', { ...env, ...fromHub }));
  const fromBucket = { modelData: 's3://weights/voxtral/', scaling: SCALING };
  add('vllm from a bucket', REGION, (app, env) => new VllmStack(app, 'VllmStack', { ...env, ...fromBucket }));
  for (const [name, props] of Object.entries(GATEWAY)) {
    const endpointName = 'speech';
    add(
      `gateway ${name}`,
      REGION,
      (app, env) => new GatewayStack(app, 'GatewayStack', { endpointName, ...env, ...props }),
    );
  }
  add('gateway in any region', undefined, (app, env) => new GatewayStack(app, 'GatewayStack', env));
  add('two production variants', REGION, (app, env) => twoVariants(new Stack(app, 'Variants', env)));
  return templates;
}

function twoVariants(stack: Stack): void {
  const image = BidiImage.fromDirectory(join(__dirname, '..', '..', 'container', 'echo'));
  const model = BidiModel.fromImage(image);
  const endpoint = new BidiEndpoint(stack, 'Speech', {
    variants: [
      { variantName: 'Current', model, weight: 9, instanceType: 'ml.c7i.xlarge', instanceCount: 2 },
      { variantName: 'Candidate', model, instanceTypes: ['ml.c7g.xlarge', 'ml.m8g.xlarge'], instanceCount: 2 },
    ],
    rollout: Rollout.canary({ stepPercent: 50 }),
    removalPolicy: RemovalPolicy.RETAIN,
    executionRole: new ExecutionRole(stack, 'Hosting'),
    logEncryptionKey: new Key(stack, 'Key'),
  });
  for (const variant of endpoint.variants) {
    variant.autoScaleConcurrency({ minCapacity: 2, maxCapacity: 4, targetConcurrency: 20 });
  }
  const alarmTopic = new Topic(stack, 'Alarms', { enforceSSL: true, masterKey: new Key(stack, 'AlarmsKey') });
  const monitoring = new BidiMonitoring(stack, 'Monitoring', { endpoint, alarmTopic });
  endpoint.addRollbackAlarms(...monitoring.rollbackAlarms);
}
