import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json';
import { BIDIRECTIONAL_LABEL_LINE, CONTAINER_METADATA_KEY } from '../../lib/contract';
import { BidiImage, BidiModel } from '../../lib/infra';

export const ACCOUNT = '123456789012';
export const PACKAGE_ARN = `arn:aws:sagemaker:us-east-1:${ACCOUNT}:model-package/speech`;

/** A VPC as the CDK's lookup would find it. */
export const VPC_ID = 'vpc-0123456789abcdef0';
const VPC_CONTEXT = {
  [`vpc-provider:account=${ACCOUNT}:filter.vpc-id=${VPC_ID}:region=us-east-1:returnAsymmetricSubnets=true`]: {
    vpcId: VPC_ID,
    vpcCidrBlock: '10.0.0.0/16',
    ownerAccountId: ACCOUNT,
    availabilityZones: [],
    subnetGroups: [
      {
        name: 'Private',
        type: 'Private',
        subnets: ['a', 'b'].map((zone, index) => ({
          subnetId: `subnet-0123456789abcdef${index}`,
          cidr: `10.0.${index}.0/24`,
          availabilityZone: `us-east-1${zone}`,
          routeTableId: `rtb-0123456789abcdef${index}`,
        })),
      },
    ],
  },
};

/** An app with this repository's feature flags. */
export function newApp(context: Record<string, unknown> = {}): App {
  return new App({ context: { ...cdkJson.context, ...VPC_CONTEXT, ...context } });
}

/** A stack of a known region, or of none. */
export function newStack(region?: string, app = newApp()): Stack {
  return new Stack(app, 'Stack', region ? { env: { account: ACCOUNT, region } } : {});
}

/** A directory that holds a Dockerfile with the streaming label and nothing else. */
export function imageDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'image-'));
  fs.writeFileSync(path.join(directory, 'Dockerfile'), `FROM scratch\n${BIDIRECTIONAL_LABEL_LINE}\n`);
  return directory;
}

const shared = imageDirectory();
process.once('exit', () => fs.rmSync(shared, { recursive: true, force: true }));

/** A model of one's own image. */
export function imageModel(environment?: Record<string, string>): BidiModel {
  return BidiModel.fromImage(BidiImage.fromDirectory(shared), { environment });
}

/**
 * A template that stays the same while the contents of the images or the version of the CDK change: no hashes, no directories of this
 * machine, and nothing that the CDK adds by itself. What the dashboard shows has a test of its own.
 */
export function snapshotOf(stack: Stack): object {
  const template = Template.fromStack(stack).toJSON();
  delete template.Parameters?.BootstrapVersion;
  delete template.Rules;
  for (const resource of Object.values<{
    Type: string;
    Properties?: Record<string, unknown>;
    Metadata?: Record<string, { directory?: string; simulator?: object }>;
  }>(template.Resources)) {
    if (resource.Type === 'AWS::CloudWatch::Dashboard') resource.Properties!.DashboardBody = '<written by the CDK>';
    const container = resource.Metadata?.[CONTAINER_METADATA_KEY];
    if (container?.directory) container.directory = `<assembly>/.../${path.basename(container.directory)}`;
    if (container?.simulator)
      container.simulator = { ...container.simulator, directory: '<assembly>/.../speech-simulator' };
  }
  return JSON.parse(JSON.stringify(template).replaceAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g, '<asset hash>'));
}
