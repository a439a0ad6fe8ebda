/** The CDK app whose template `bidi demo` plays from the published package: `demo-app.js DIRECTORY` synthesizes it there. */
import { App } from 'aws-cdk-lib';
import { EchoBidiStack } from '../lib/infra';

const app = new App({ outdir: process.argv[2], analyticsReporting: false, treeMetadata: false });
new EchoBidiStack(app, 'EchoBidiStack');
app.synth();
