import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CONTAINER_METADATA_KEY, type ContainerMetadata, DEFAULT_VARIANT_NAME } from '../contract';
import { CloudAssemblyError } from './cloud-assembly-error';
import type { LocalEndpoint, LocalModel, LocalVariant } from './local-endpoint';
import { type Template, TemplateResolver, type TemplateResource } from './template-resolver';

/** What of a cloud assembly is read. */
export interface ReadCloudAssemblyOptions {
  /**
   * Stacks to read, by their name, their id or their path in the app.
   *
   * @default - all that hold an endpoint
   */
  readonly stacks?: readonly string[];
}

interface Manifest {
  readonly artifacts?: Record<string, Artifact>;
}

/** The part of an image asset's source that shapes the build (aws-cdk-lib, cloud-assembly-schema). */
interface DockerImageSource {
  readonly directory?: string;
  readonly dockerFile?: string;
  readonly dockerBuildTarget?: string;
  readonly dockerBuildArgs?: Readonly<Record<string, string>>;
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly displayName?: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly directoryName?: string;
    readonly file?: string;
    readonly parameters?: Record<string, string>;
  };
}

/** How the CDK command line would build an image. */
type ImageBuild = Required<Pick<LocalModel, 'directory'>> & Pick<LocalModel, 'file' | 'target' | 'buildArgs'>;

/** One stack of a cloud assembly. */
export interface Stack {
  /** Words that name it: its id in the assembly, its CloudFormation name, its path in the app. */
  readonly names: readonly string[];
  /** Its CloudFormation name. */
  readonly name: string;
  /** Directory of its part of the assembly: what its paths are relative to. */
  readonly directory: string;
  /** Its CloudFormation template. */
  readonly template: Template;
  /** Region that it is for; `undefined` where it is for any. */
  readonly region: string | undefined;
  /** Account that it is for; `undefined` where it is for any. */
  readonly account: string | undefined;
  /** How the image assets of its assembly are built, by tag. Directories are the assembly's joined with the asset's. */
  readonly images: Record<string, ImageBuild>;
}

const ENDPOINT = 'AWS::SageMaker::Endpoint';
const ENDPOINT_CONFIG = 'AWS::SageMaker::EndpointConfig';
const MODEL = 'AWS::SageMaker::Model';

/**
 * Reads the endpoints of a cloud assembly: what `cdk synth` writes and `cdk deploy` sends.
 *
 * @param directory the assembly's directory, such as `cdk.out`.
 * @throws CloudAssemblyError when there is no assembly, no such stack, or no endpoint in it.
 */
export async function readCloudAssembly(
  directory: string,
  options: ReadCloudAssemblyOptions = {},
): Promise<LocalEndpoint[]> {
  const root = resolve(directory);
  const stacks = readStacks(root);
  const wanted = options.stacks ?? [];
  const missing = wanted.filter(name => !stacks.some(stack => stack.names.includes(name)));
  if (missing.length > 0) {
    throw new CloudAssemblyError({
      what: `The cloud assembly ${root} holds no stack ${missing.join(', ')}.`,
      why: `It holds ${stacks.map(stack => stack.name).join(', ') || 'no stack at all'}.`,
      next: 'Name one of these, or synthesize the app again.',
    });
  }
  const chosen = wanted.length > 0 ? stacks.filter(stack => stack.names.some(name => wanted.includes(name))) : stacks;
  const exported = exportsOf(stacks);
  const endpoints = chosen.flatMap(stack => endpointsOf(stack, exported));
  if (endpoints.length === 0) {
    throw new CloudAssemblyError({
      what: `No ${ENDPOINT} in ${chosen.map(stack => stack.name).join(', ') || root}.`,
      why: 'The local SageMaker hosts the endpoints that a template describes.',
      next: 'Name a stack that holds one.',
    });
  }
  return endpoints;
}

/**
 * Reads every stack of a cloud assembly, nested assemblies included.
 *
 * @throws CloudAssemblyError when there is no assembly.
 */
export function readStacks(directory: string): Stack[] {
  const manifest = readJson<Manifest>(join(directory, 'manifest.json'), directory);
  return Object.entries(manifest.artifacts ?? {}).flatMap(([id, artifact]) => {
    if (artifact.type === 'cdk:cloud-assembly' && artifact.properties?.directoryName) {
      return readStacks(join(directory, artifact.properties.directoryName));
    }
    if (artifact.type !== 'aws:cloudformation:stack' || !artifact.properties?.templateFile) return [];
    const name = artifact.properties.stackName ?? id;
    const [, account, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(artifact.environment ?? '') ?? [];
    return [
      {
        name,
        names: [id, name, ...(artifact.displayName ? [artifact.displayName] : [])],
        directory,
        template: readJson<Template>(join(directory, artifact.properties.templateFile), directory),
        account: account?.startsWith('unknown') ? undefined : account,
        region: region?.startsWith('unknown') ? undefined : region,
        images: readImages(directory, manifest),
      },
    ];
  });
}

/** The image assets of an assembly by their tag: how they are built, and how a template without our metadata leads to a directory. */
function readImages(directory: string, manifest: Manifest): Stack['images'] {
  const images: Record<string, ImageBuild> = {};
  for (const artifact of Object.values(manifest.artifacts ?? {})) {
    if (artifact.type !== 'cdk:asset-manifest' || !artifact.properties?.file) continue;
    const assets = readJson<{
      dockerImages?: Record<string, { source?: DockerImageSource }>;
    }>(join(directory, artifact.properties.file), directory);
    for (const [tag, { source }] of Object.entries(assets.dockerImages ?? {})) {
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

function exportsOf(stacks: readonly Stack[]): (name: string) => unknown {
  return name => {
    for (const stack of stacks) {
      const resolver = new TemplateResolver(stack);
      for (const output of Object.values(stack.template.Outputs ?? {})) {
        if (output.Export && resolver.resolve(output.Export.Name) === name) return resolver.resolve(output.Value);
      }
    }
    return undefined;
  };
}

function endpointsOf(stack: Stack, exported: (name: string) => unknown): LocalEndpoint[] {
  const resolver = new TemplateResolver({ ...stack, exported });
  const byName = (type: string) => (name: string) =>
    resolver.resources(type).find(resource => resolver.physicalName(resource) === name);
  return resolver.resources(ENDPOINT).map(endpoint => {
    const name = resolver.physicalName(endpoint);
    const config = byName(ENDPOINT_CONFIG)(resolver.text(endpoint, 'EndpointConfigName'));
    if (!config) throw unresolved(stack, endpoint, 'EndpointConfigName', ENDPOINT_CONFIG);
    const variants = (resolver.property(config, 'ProductionVariants') ?? []) as Record<string, unknown>[];
    return {
      name,
      stack: stack.name,
      region: stack.region,
      variants: variants.map((variant): LocalVariant => {
        const model = byName(MODEL)(String(variant.ModelName));
        if (!model) throw unresolved(stack, config, 'ModelName', MODEL);
        return {
          name: String(variant.VariantName ?? DEFAULT_VARIANT_NAME),
          instanceCount: optionalNumber(variant.InitialInstanceCount),
          weight: optionalNumber(variant.InitialVariantWeight),
          startupHealthCheckTimeoutSeconds: optionalNumber(variant.ContainerStartupHealthCheckTimeoutInSeconds),
          model: modelOf(stack, resolver, model),
        };
      }),
    };
  });
}

function modelOf(stack: Stack, resolver: TemplateResolver, resource: TemplateResource): LocalModel {
  const containers = resolver.property(resource, 'Containers') as Record<string, unknown>[] | undefined;
  const container = (resolver.property(resource, 'PrimaryContainer') ?? containers?.[0] ?? {}) as Record<
    string,
    unknown
  >;
  const environment = (container.Environment ?? {}) as Record<string, unknown>;
  const metadata = (resource.definition.Metadata?.[CONTAINER_METADATA_KEY] ?? {}) as ContainerMetadata;
  const image = container.Image === undefined ? undefined : String(container.Image);
  const asset = image === undefined ? undefined : stack.images[image.slice(image.lastIndexOf(':') + 1)];
  const absolute = (directory: string): string => resolve(stack.directory, directory);
  return {
    name: resolver.physicalName(resource),
    environment: Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)])),
    directory: metadata.directory === undefined ? asset?.directory : absolute(metadata.directory),
    file: metadata.file ?? asset?.file,
    target: asset?.target,
    buildArgs: asset?.buildArgs,
    command: metadata.command,
    imageUri: metadata.imageUri ?? image,
    modelPackageArn:
      metadata.modelPackageArn ??
      (container.ModelPackageName === undefined ? undefined : String(container.ModelPackageName)),
    simulator: metadata.simulator && {
      directory: absolute(metadata.simulator.directory),
      command: metadata.simulator.command,
    },
  };
}

function unresolved(stack: Stack, resource: TemplateResource, property: string, type: string): CloudAssemblyError {
  return new CloudAssemblyError({
    what: `${property} of ${resource.logicalId} in stack ${stack.name} names no ${type} of that stack.`,
    why: 'The local SageMaker runs what one template describes: the endpoint, its configuration and its models.',
    next: `Define the ${type} in the same stack.`,
  });
}

function optionalNumber(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
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
