/** What runs behind one production variant. */
export interface LocalModel {
  /** Name of the model. */
  readonly name: string;
  /** Environment variables of the container, as the template has them. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Directory of the Dockerfile, absolute.
   *
   * @default - none: the image has to come from a registry
   */
  readonly directory?: string;
  /**
   * Dockerfile, relative to the directory.
   *
   * @default 'Dockerfile'
   */
  readonly file?: string;
  /**
   * Stage of the Dockerfile to build.
   *
   * @default - the last
   */
  readonly target?: string;
  /**
   * Arguments of the build.
   *
   * @default - none
   */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /**
   * Command that starts the container as a process in its directory; `serve` is appended.
   *
   * @default - none: a container engine has to run it
   */
  readonly command?: readonly string[];
  /**
   * Image in a registry.
   *
   * @default - none
   */
  readonly imageUri?: string;
  /**
   * Model package, which cannot run on this machine.
   *
   * @default - none
   */
  readonly modelPackageArn?: string;
  /**
   * What stands in for the model package when it is asked for.
   *
   * @default - none
   */
  readonly simulator?: {
    /** Directory of its Dockerfile, absolute. */
    readonly directory: string;
    /** Command that starts it as a process in its directory; `serve` is appended. */
    readonly command: readonly string[];
  };
}

/** One production variant of an endpoint. */
export interface LocalVariant {
  /** Name of the variant: 1 to 63 letters, digits and inner hyphens. */
  readonly name: string;
  /** What its containers run. */
  readonly model: LocalModel;
  /**
   * Containers that run, with requests spread over them.
   *
   * @default 1
   */
  readonly instanceCount?: number;
  /**
   * Share of the requests, relative to the other variants' weights.
   *
   * @default 1
   */
  readonly weight?: number;
  /**
   * Time from start to the first passing `/ping`, in seconds.
   *
   * @default 480 - the platform's
   */
  readonly startupHealthCheckTimeoutSeconds?: number;
}

/** One endpoint, as a template describes it. */
export interface LocalEndpoint {
  /** Name of the endpoint: 1 to 63 letters, digits and inner hyphens. No other endpoint of a local SageMaker has it. */
  readonly name: string;
  /**
   * Stack that it comes from.
   *
   * @default - none
   */
  readonly stack?: string;
  /**
   * Region that the stack is for.
   *
   * @default - any
   */
  readonly region?: string;
  /** Production variants over which requests are spread by weight; at least one. */
  readonly variants: readonly LocalVariant[];
}
