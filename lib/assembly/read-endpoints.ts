import { resolve } from 'node:path';
import { CONTAINER_METADATA_KEY, type ContainerMetadata, DEFAULT_VARIANT_NAME } from '../contract';
import type { EndpointDefinition, ModelDefinition, VariantDefinition } from './endpoint-definition';
import { readExecutionRole } from './execution-role';
import type { ImageBuild } from './image-build';
import { IntrinsicResolver, type NamedResource, type StackTemplate } from './intrinsic-resolver';
import { isObject, type JsonObject, several } from './template';
import { AfterDeployment, localValue, StandIn, type Value } from './value';

/** A stack's template, with its cloud assembly where there is one. */
export interface EndpointSource extends StackTemplate {
  /**
   * Directory of its part of the assembly: what paths in its metadata are relative to.
   *
   * @default - the current directory
   */
  readonly directory?: string;
  /**
   * How the image assets of its assembly are built, by tag.
   *
   * @default - none
   */
  readonly images?: Readonly<Record<string, ImageBuild>>;
}

/** A resource whose property names another that is not in the template. */
export interface Dangling {
  /** Logical id of the resource. */
  readonly logicalId: string;
  readonly property: string;
  /** Type of the resource that is named. */
  readonly type: string;
}

export const ENDPOINT = 'AWS::SageMaker::Endpoint';
const ENDPOINT_CONFIG = 'AWS::SageMaker::EndpointConfig';
const MODEL = 'AWS::SageMaker::Model';

/**
 * Reads every endpoint of a stack.
 *
 * @param onDangling told of a configuration or a model that is outside the template; it may throw.
 * @throws CloudAssemblyError when the template refers to what it does not hold, or to itself.
 */
export function readEndpoints(stack: EndpointSource, onDangling?: (dangling: Dangling) => void): EndpointDefinition[] {
  return new EndpointReader(stack, onDangling).read();
}

class EndpointReader {
  private readonly resolver: IntrinsicResolver;

  constructor(
    private readonly stack: EndpointSource,
    private readonly onDangling: (dangling: Dangling) => void = () => {},
  ) {
    this.resolver = new IntrinsicResolver(stack);
  }

  read(): EndpointDefinition[] {
    return this.resolver.resources(ENDPOINT).map(endpoint => {
      const { EndpointConfigName, DeploymentConfig } = this.resolver.properties(endpoint);
      const config = this.named(ENDPOINT_CONFIG, EndpointConfigName);
      if (!config) this.onDangling({ ...endpoint, property: 'EndpointConfigName', type: ENDPOINT_CONFIG });
      const properties = config ? this.resolver.properties(config) : {};
      const deployedName = this.resolver.physicalName(endpoint);
      const name = localValue(deployedName) ?? `${this.stack.name}-${endpoint.logicalId}`;
      return {
        name,
        deployedName,
        stack: this.stack.name,
        region: this.stack.region,
        variants: several(properties.ProductionVariants)
          .filter(isObject)
          .map(variant => this.variant(name, config!, variant)),
        hasVolumeKey: properties.KmsKeyId !== undefined,
        isRolledOut: isObject(DeploymentConfig) && 'RollingUpdatePolicy' in DeploymentConfig,
      };
    });
  }

  private variant(endpointName: string, config: NamedResource, variant: JsonObject): VariantDefinition {
    const model = this.named(MODEL, variant.ModelName);
    if (!model) this.onDangling({ ...config, property: 'ModelName', type: MODEL });
    const name = localText(variant.VariantName) ?? DEFAULT_VARIANT_NAME;
    return {
      name,
      model: model
        ? this.model(model)
        : { name: localText(variant.ModelName) ?? 'unknown', environment: {}, isOutsideTemplate: true },
      instanceCount: number(variant.InitialInstanceCount),
      weight: number(variant.InitialVariantWeight),
      startupHealthCheckTimeoutSeconds: number(variant.ContainerStartupHealthCheckTimeoutInSeconds),
      instanceTypes: instanceTypes(variant),
      inferenceAmi: text(variant.InferenceAmiVersion),
      maxCapacity: this.maxCapacity(`endpoint/${endpointName}/variant/${name}`),
    };
  }

  private model(resource: NamedResource): ModelDefinition {
    const { stack } = this;
    const properties = this.resolver.properties(resource);
    const containers = [...several(properties.PrimaryContainer), ...several(properties.Containers)].filter(isObject);
    const [container = {}] = containers;
    const metadata = (this.resolver.resolve(resource.definition.Metadata?.[CONTAINER_METADATA_KEY]) ??
      {}) as ContainerMetadata;
    const imageUri = text(container.Image ?? metadata.imageUri);
    const tag = localValue(imageUri)?.split(':').at(-1) ?? '';
    const asset = stack.images?.[tag];
    const absolute = (directory: string): string => resolve(stack.directory ?? '.', directory);
    const role = this.resolver.target(resource.definition.Properties?.ExecutionRoleArn);
    return {
      name: localValue(this.resolver.physicalName(resource)) ?? resource.logicalId,
      environment: environmentOf(container),
      directory: metadata.directory === undefined ? asset?.directory : absolute(metadata.directory),
      file: metadata.file ?? asset?.file,
      target: asset?.target,
      buildArgs: asset?.buildArgs,
      command: metadata.command,
      imageUri,
      modelPackageArn: text(container.ModelPackageName ?? metadata.modelPackageArn),
      serves: metadata.serves,
      simulator: metadata.simulator && {
        ...metadata.simulator,
        directory: absolute(metadata.simulator.directory),
      },
      networkIsolation: localText(properties.EnableNetworkIsolation) === 'true',
      hasModelData: containers.some(
        ({ ModelDataUrl, ModelDataSource }) => (ModelDataUrl ?? ModelDataSource) !== undefined,
      ),
      isInVpc: properties.VpcConfig !== undefined,
      executionRole: role && readExecutionRole(this.resolver, role),
    };
  }

  /** The resource of that name, by the name that it has or would have. */
  private named(type: string, name: unknown): NamedResource | undefined {
    const wanted = localText(name);
    return this.resolver
      .resources(type)
      .find(resource => wanted !== undefined && localValue(this.resolver.physicalName(resource)) === wanted);
  }

  private maxCapacity(resourceId: string): Value<number> | undefined {
    const target = this.resolver
      .resources('AWS::ApplicationAutoScaling::ScalableTarget')
      .map(resource => this.resolver.properties(resource))
      .find(({ ResourceId }) => localText(ResourceId) === resourceId);
    return number(target?.MaxCapacity);
  }
}

function environmentOf({ Environment }: JsonObject): Record<string, Value> {
  const entries = Object.entries(isObject(Environment) ? Environment : {});
  return Object.fromEntries(entries.map(([name, value]) => [name, text(value)!]));
}

function instanceTypes(variant: JsonObject): Value[] {
  const pool = several(variant.InstancePools).filter(isObject);
  const ordered = pool.toSorted((one, other) => Number(localText(one.Priority)) - Number(localText(other.Priority)));
  const types = ordered.length > 0 ? ordered.map(({ InstanceType }) => InstanceType) : [variant.InstanceType];
  return types.flatMap(type => text(type) ?? []);
}

function text(value: unknown): Value | undefined {
  return converted(value, String);
}

function number(value: unknown): Value<number> | undefined {
  return converted(value, Number);
}

function localText(value: unknown): string | undefined {
  return localValue(text(value));
}

function converted<T>(value: unknown, convert: (value: unknown) => T): Value<T> | undefined {
  if (value === undefined || value instanceof AfterDeployment) return value;
  return value instanceof StandIn ? new StandIn(convert(value.standIn), value.because) : convert(value);
}
