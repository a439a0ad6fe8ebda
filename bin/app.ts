import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { EchoBidiStack } from '../lib/infra';

const app = new App();
new EchoBidiStack(app, 'EchoBidiStack');
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
