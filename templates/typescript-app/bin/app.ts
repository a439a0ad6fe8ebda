import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { {{class}} } from '../lib/{{name}}-stack';

const app = new App();

new {{class}}(app, '{{stack}}', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});

// Holds the template against AWS's security rules at every synthesis.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
