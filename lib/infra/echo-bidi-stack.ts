import type { Construct } from 'constructs';
import { BidiEndpoint } from './bidi-endpoint';
import { BidiImage } from './bidi-image';
import { BidiModel } from './bidi-model';
import { BidiStack, type BidiStackProps } from './bidi-stack';
import { kitContainer } from './kit-container';
import { type RolloutName, rolloutOf } from './rollout-name';
import { stackEndpointProps } from './stack-endpoint-props';

/** Properties of the echo stack. */
export interface EchoBidiStackProps extends BidiStackProps {
  /** How an update moves streams to the new instances; all but `all-at-once` need two instances. @default 'all-at-once' */
  readonly rollout?: RolloutName;
}

/** An endpoint that echoes what it is sent: the reference container, and the first thing to try in an account. */
export class EchoBidiStack extends BidiStack {
  /** The endpoint of the echo container. */
  readonly endpoint: BidiEndpoint;

  /** @throws InvalidPropsError with every violation in the properties. */
  constructor(scope: Construct, id: string, props: EchoBidiStackProps = {}) {
    super(scope, id, { description: 'An echo over SageMaker bidirectional streaming', ...props });
    const vpc = this.lookUpVpc(props);
    const echo = kitContainer('echo');
    const image = BidiImage.fromDirectory(echo.directory, {
      assetName: 'Echo',
      // Installed dependencies are of this machine; the image installs its own.
      exclude: ['node_modules', 'dist'],
      localCommand: echo.command,
    });
    this.endpoint = new BidiEndpoint(this, 'Echo', {
      ...stackEndpointProps(props),
      model: BidiModel.fromImage(image, { environment: props.environment }),
      vpc,
      rollout: rolloutOf(props.rollout),
    });
    const target = `--endpoint ${this.endpoint.endpointName} --region ${this.region}`;
    this.operate(this.endpoint, props, `npx bidi invoke "I need help with" ${target}`, vpc);
  }
}
