import type { Construct } from 'constructs';
import { BidiEndpoint } from './bidi-endpoint';
import { BidiImage } from './bidi-image';
import { BidiModel } from './bidi-model';
import { BidiStack, type BidiStackProps } from './bidi-stack';
import { type RolloutName, rolloutOf } from './rollout-name';
import { stackEndpointProps } from './stack-endpoint-props';

/** Properties of the stack of a container. */
export interface ContainerStackProps extends BidiStackProps {
  /** Directory of the Dockerfile, absolute or relative to the working directory. */
  readonly imageDirectory: string;
  /** Command that starts the container as a plain process in its directory; `serve` is appended. @default - runs on this machine need a container engine */
  readonly localCommand?: readonly string[];
  /** How an update gets to the new instances; all but `all-at-once` need two instances. @default 'all-at-once' */
  readonly rollout?: RolloutName;
}

/** An endpoint for the container of a folder, whatever language it is written in. */
export class ContainerStack extends BidiStack {
  /** The endpoint of the container. */
  readonly endpoint: BidiEndpoint;

  /**
   * @throws DockerfileLabelError when the folder holds no Dockerfile, or its image would get no stream.
   * @throws InvalidPropsError with every other violation.
   */
  constructor(scope: Construct, id: string, props: ContainerStackProps) {
    super(scope, id, { description: 'A container over SageMaker bidirectional streaming', ...props });
    const vpc = this.lookUpVpc(props);
    const image = BidiImage.fromDirectory(props.imageDirectory, {
      localCommand: props.localCommand,
      // What an installation or a synthesis left there is of this machine.
      exclude: ['node_modules', '.venv', '__pycache__', 'cdk.out'],
    });
    this.endpoint = new BidiEndpoint(this, 'Container', {
      ...stackEndpointProps(props),
      model: BidiModel.fromImage(image, { environment: props.environment }),
      vpc,
      rollout: rolloutOf(props.rollout),
    });
    const target = `--endpoint ${this.endpoint.endpointName} --region ${this.region}`;
    this.operate(this.endpoint, props, `npx bidi invoke "hello" ${target}`, vpc);
  }
}
