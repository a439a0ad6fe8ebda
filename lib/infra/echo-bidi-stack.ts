import * as path from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { runtimeUriOf, StackOutput } from '../contract';
import { BidiEndpoint } from './bidi-endpoint';
import { BidiImage } from './bidi-image';
import { BidiModel } from './bidi-model';

/** The echo container, in the source tree as in the published package. */
const ECHO_DIRECTORY = path.join(__dirname, '..', '..', 'container', 'echo');

/** An endpoint that echoes what it is sent: the reference container, and the first thing to try in an account. */
export class EchoBidiStack extends Stack {
  readonly endpoint: BidiEndpoint;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const image = BidiImage.fromDirectory(ECHO_DIRECTORY, {
      exclude: ['node_modules'],
      localCommand: ['node', '--require', 'esbuild-register', 'src/server.ts'],
    });
    this.endpoint = new BidiEndpoint(this, 'Echo', { model: BidiModel.fromImage(image), endpointName: 'echo-bidi' });
    const output = (key: string, value: string, description: string) =>
      new CfnOutput(this, key, { value, description });
    output(StackOutput.RUNTIME_URI, runtimeUriOf(this.region, this.urlSuffix), 'Where streams are opened');
    output(StackOutput.ENDPOINT_NAME, this.endpoint.endpointName, 'Name of the endpoint');
    output(StackOutput.ENDPOINT_ARN, this.endpoint.endpointArn, 'ARN of the endpoint');
    output(StackOutput.IMAGE_URI, this.endpoint.imageUri!, 'Image of the container');
  }
}
