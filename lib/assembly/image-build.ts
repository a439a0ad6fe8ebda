/** How the CDK command line would build an image. */
export interface ImageBuild {
  /** Directory of the Dockerfile. */
  readonly directory: string;
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
}
