import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXPLANATION_METADATA_KEY, type Explanation, type ExplanationMetadata } from '../contract';
import { CloudAssemblyError, UnknownStackError } from './cloud-assembly-error';
import type { EndpointDefinition } from './endpoint-definition';
import type { ImageBuild } from './image-build';
import type { StackTemplate } from './intrinsic-resolver';
import { type Dangling, ENDPOINT, readEndpoints } from './read-endpoints';
import type { Template } from './template';

/** Which stacks of a cloud assembly to read. */
export interface ReadCloudAssemblyOptions {
  /**
   * Stacks to read, by their name, their id or their path in the app.
   *
   * @default - all that hold an endpoint
   */
  readonly stacks?: readonly string[];
}

/** One stack of a cloud assembly. */
export interface Stack extends StackTemplate {
  /** Every name that it can be chosen by: its id in the assembly, its CloudFormation name, its path in the app. */
  readonly names: readonly string[];
  /** Directory of its part of the assembly: what its paths are relative to. */
  readonly directory: string;
  /** How the image assets of its assembly are built, by tag. Directories are the assembly's joined with the asset's. */
  readonly images: Readonly<Record<string, ImageBuild>>;
  /** Errors that the app attached to it (`Annotations.addError`): the CDK command line does not deploy over them. */
  readonly errors: readonly StackError[];
}

/** An error that an app attached to a stack. */
export interface StackError {
  readonly message: string;
  /** Its three parts, where the app gives them as data. */
  readonly explanation?: Explanation;
}

/** The manifest of a cloud assembly (aws-cdk-lib, cloud-assembly-schema), as far as it is read here. */
interface Manifest {
  readonly artifacts?: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly displayName?: string;
  readonly metadata?: Metadata;
  readonly additionalMetadataFile?: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly directoryName?: string;
    readonly file?: string;
  };
}

/** Metadata that an app attached to its constructs, by their paths. */
type Metadata = Readonly<Record<string, readonly { readonly type: string; readonly data?: unknown }[]>>;

/** The part of an image asset's source that shapes the build. */
interface DockerImageSource {
  readonly directory?: string;
  readonly dockerFile?: string;
  readonly dockerBuildTarget?: string;
  readonly dockerBuildArgs?: Readonly<Record<string, string>>;
}

/**
 * Reads the endpoints of a cloud assembly: what `cdk synth` writes and `cdk deploy` sends.
 *
 * @param directory the assembly's directory, such as `cdk.out`.
 * @throws CloudAssemblyError when there is no assembly, or no endpoint in it; UnknownStackError when there is no such stack.
 */
export async function readCloudAssembly(
  directory: string,
  options: ReadCloudAssemblyOptions = {},
): Promise<EndpointDefinition[]> {
  const stacks = readStacks(directory);
  const wanted = options.stacks ?? [];
  const chosen = wanted.length > 0 ? findStacks(stacks, wanted) : stacks;
  const endpoints = chosen.flatMap(stack =>
    readEndpoints(stack, dangling => {
      throw outsideTemplate(stack, dangling);
    }),
  );
  if (endpoints.length === 0) {
    throw new CloudAssemblyError({
      what: `No ${ENDPOINT} in ${chosen.map(stack => stack.name).join(', ') || resolve(directory)}.`,
      why: 'The local SageMaker hosts the endpoints that a template describes.',
      next: 'Name a stack that holds one.',
    });
  }
  return endpoints;
}

/**
 * The stacks of these names, each once.
 *
 * @param names ids in the assembly, CloudFormation names or paths in the app.
 * @throws UnknownStackError when there is no such stack.
 */
export function findStacks(stacks: readonly Stack[], names: readonly string[]): Stack[] {
  const missing = names.filter(name => !stacks.some(stack => stack.names.includes(name)));
  if (missing.length > 0) {
    throw new UnknownStackError({
      what: `The app has no stack ${missing.join(', ')}.`,
      why: `It has ${stacks.map(({ name }) => name).join(', ') || 'none'}.`,
      next: 'Name one of these, or synthesize the app again.',
    });
  }
  return stacks.filter(stack => stack.names.some(name => names.includes(name)));
}

/**
 * Reads every stack of a cloud assembly, nested assemblies included.
 *
 * @param directory the assembly's directory, such as `cdk.out`.
 * @throws CloudAssemblyError when there is no assembly.
 */
export function readStacks(directory: string): Stack[] {
  const stacks: Stack[] = [];
  collectStacks(resolve(directory), stacks);
  return stacks;
}

function collectStacks(directory: string, stacks: Stack[]): void {
  const { artifacts = {} } = readJson<Manifest>(join(directory, 'manifest.json'), directory);
  const images = readImages(directory, artifacts);
  for (const [id, artifact] of Object.entries(artifacts)) {
    const { type, properties = {}, environment = '', displayName } = artifact;
    if (type === 'cdk:cloud-assembly' && properties.directoryName) {
      collectStacks(join(directory, properties.directoryName), stacks);
    }
    if (type !== 'aws:cloudformation:stack' || !properties.templateFile) continue;
    const name = properties.stackName ?? id;
    const [, account, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(environment) ?? [];
    stacks.push({
      name,
      names: [id, name, ...(displayName ? [displayName] : [])],
      directory,
      template: readJson<Template>(join(directory, properties.templateFile), directory),
      account: account?.startsWith('unknown') ? undefined : account,
      region: region?.startsWith('unknown') ? undefined : region,
      images,
      errors: readErrors(directory, artifact),
      stacks,
    });
  }
}

function readErrors(directory: string, { metadata, additionalMetadataFile }: Artifact): StackError[] {
  const more = additionalMetadataFile ? readJson<Metadata>(join(directory, additionalMetadataFile), directory) : {};
  const entries = [...Object.values(metadata ?? {}), ...Object.values(more)].flat();
  const explained = entries
    .filter(({ type }) => type === EXPLANATION_METADATA_KEY)
    .map(({ data }) => JSON.parse(String(data)) as ExplanationMetadata);
  return entries
    .filter(({ type }) => type === 'aws:cdk:error')
    .map(({ data }) => {
      const message = String(data);
      return { message, explanation: explained.find(explanation => explanation.message === message) };
    });
}

/** The image assets of an assembly by their tag: they lead from a template without our metadata to a directory. */
function readImages(directory: string, artifacts: NonNullable<Manifest['artifacts']>): Stack['images'] {
  const images: Record<string, ImageBuild> = {};
  for (const artifact of Object.values(artifacts)) {
    if (artifact.type !== 'cdk:asset-manifest' || !artifact.properties?.file) continue;
    const { dockerImages = {} } = readJson<{
      dockerImages?: Record<string, { source?: DockerImageSource }>;
    }>(join(directory, artifact.properties.file), directory);
    for (const [tag, { source }] of Object.entries(dockerImages)) {
      if (!source?.directory) continue;
      images[tag] = {
        directory: join(directory, source.directory),
        file: source.dockerFile,
        target: source.dockerBuildTarget,
        buildArgs: source.dockerBuildArgs,
      };
    }
  }
  return images;
}

function outsideTemplate(stack: Stack, { logicalId, property, type }: Dangling): CloudAssemblyError {
  return new CloudAssemblyError({
    what: `${property} of ${logicalId} in stack ${stack.name} names no ${type} of that stack.`,
    why: 'The local SageMaker runs what one template describes: the endpoint, its configuration and its models.',
    next: `Define the ${type} in the same stack.`,
  });
}

function readJson<T>(file: string, directory: string): T {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const isThere = statSync(directory, { throwIfNoEntry: false })?.isDirectory();
    throw new CloudAssemblyError(
      {
        what: isThere
          ? `${directory} is not a cloud assembly: ${file} cannot be read.`
          : `There is no directory ${directory}.`,
        why: 'A cloud assembly is the directory that cdk synth writes.',
        next: 'Run cdk synth, or name its output directory.',
      },
      { cause },
    );
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new CloudAssemblyError(
      { what: `${file} is not JSON.`, why: (cause as Error).message, next: 'Run cdk synth again.' },
      { cause },
    );
  }
}
