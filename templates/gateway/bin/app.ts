import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { GatewayStack } from 'sagemaker-bidi-kit';
import { {{class}} } from '../lib/{{name}}-stack';

const app = new App();
const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };

const model = new {{class}}(app, '{{stack}}', { env });

// WebSocket clients stream to the endpoint through it. Within the VPC; for the internet it needs a certificate and its domain name.
const gateway = new GatewayStack(app, '{{stack}}Gateway', {
  env,
  endpointName: '{{name}}',
  publicLoadBalancer: false,
});
gateway.addStackDependency(model);

// Holds the templates against AWS's security rules at every synthesis.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
