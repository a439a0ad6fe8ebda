import { isObject, several, type TemplateReader } from './template';

/** One production variant as the template plans it. */
export interface VariantPlan {
  readonly name: string;
  /** The one type, or the pool in the order of its priorities. */
  readonly instanceTypes: readonly string[];
  readonly instanceCount: number;
  /** `InferenceAmiVersion`. */
  readonly inferenceAmi?: string;
  /** Most instances that scaling may start, where the template holds a scalable target. */
  readonly maxCapacity?: number;
}

/** The execution role as the template plans it. */
export interface RolePlan {
  /** Principals of services that may assume it. */
  readonly trustedServices: readonly string[];
  /** Conditions of the trust policy, by the key they ask for. */
  readonly trustConditions: readonly string[];
  /** Actions that its policies in this template allow. */
  readonly actions: readonly string[];
  /** Names of attached managed policies. */
  readonly managedPolicies: readonly string[];
}

/** The model as the template plans it. */
export interface ModelPlan {
  readonly imageUri?: string;
  readonly modelPackageArn?: string;
  readonly networkIsolation: boolean;
  /** Names of the container's environment variables. */
  readonly environmentNames: readonly string[];
  /** Whether model files are read from S3. */
  readonly hasModelData: boolean;
  /** Whether its instances stand in a VPC. */
  readonly inVpc: boolean;
  /** The role, when it is in this template. */
  readonly role?: RolePlan;
}

/** An endpoint as the template plans it, with what hangs on it. */
export interface EndpointPlan {
  readonly logicalId: string;
  /** Name, when the template gives one that is known before the deployment. */
  readonly endpointName?: string;
  readonly variants: readonly VariantPlan[];
  readonly hasVolumeKey: boolean;
  /** Whether updates run two fleets side by side: they do unless the rollout is rolling. */
  readonly updatesSideBySide: boolean;
  readonly model?: ModelPlan;
}

/** Private access to the runtime as the template plans it. */
export interface PrivateAccessPlan {
  readonly logicalId: string;
  readonly privateDns: boolean;
  /** TCP port ranges that its security groups let in; `undefined` when one of the groups is outside this template. */
  readonly openPorts?: readonly (readonly [from: number, to: number])[];
}

/** Every endpoint of a template. */
export function readEndpointPlans(reader: TemplateReader): EndpointPlan[] {
  return reader.resources('AWS::SageMaker::Endpoint').map(([logicalId, endpoint]) => {
    const config = reader.properties(reader.target(endpoint.EndpointConfigName)) ?? {};
    const variants = several(config.ProductionVariants).filter(isObject);
    const model = variants.map(variant => reader.properties(reader.target(variant.ModelName))).find(Boolean);
    const maxCapacity = maximumCapacity(reader);
    const deployment = isObject(endpoint.DeploymentConfig) ? endpoint.DeploymentConfig : {};
    return {
      logicalId,
      endpointName: reader.text(endpoint.EndpointName),
      variants: variants.map(variant => ({
        name: reader.text(variant.VariantName) ?? '',
        instanceTypes: instanceTypes(reader, variant),
        instanceCount: Number(reader.text(variant.InitialInstanceCount) ?? 1),
        inferenceAmi: reader.text(variant.InferenceAmiVersion),
        maxCapacity,
      })),
      hasVolumeKey: config.KmsKeyId !== undefined,
      updatesSideBySide: !('RollingUpdatePolicy' in deployment),
      model: model && readModel(reader, model),
    };
  });
}

function instanceTypes(reader: TemplateReader, variant: Readonly<Record<string, unknown>>): string[] {
  const pool = several(variant.InstancePools).filter(isObject);
  const ordered = pool.toSorted((one, other) => Number(one.Priority) - Number(other.Priority));
  const types = ordered.length > 0 ? ordered.map(rung => rung.InstanceType) : [variant.InstanceType];
  return types.map(type => reader.text(type)).filter(type => type !== undefined);
}

function maximumCapacity(reader: TemplateReader): number | undefined {
  const targets = reader
    .resources('AWS::ApplicationAutoScaling::ScalableTarget')
    .filter(([, target]) => reader.text(target.ServiceNamespace) === 'sagemaker')
    .map(([, target]) => Number(reader.text(target.MaxCapacity)));
  return targets.length > 0 ? Math.max(...targets) : undefined;
}

function readModel(reader: TemplateReader, model: Readonly<Record<string, unknown>>): ModelPlan {
  const containers = [...several(model.PrimaryContainer), ...several(model.Containers)].filter(isObject);
  const first = containers[0] ?? {};
  const role = reader.target(model.ExecutionRoleArn);
  return {
    imageUri: reader.text(first.Image),
    modelPackageArn: reader.text(first.ModelPackageName),
    networkIsolation: reader.text(model.EnableNetworkIsolation) === 'true',
    environmentNames: containers.flatMap(container => Object.keys((container.Environment as object) ?? {})),
    hasModelData: containers.some(container => 'ModelDataUrl' in container || 'ModelDataSource' in container),
    inVpc: model.VpcConfig !== undefined,
    role: role === undefined ? undefined : readRole(reader, role),
  };
}

function readRole(reader: TemplateReader, logicalId: string): RolePlan {
  const role = reader.properties(logicalId) ?? {};
  const trust = statements(role.AssumeRolePolicyDocument);
  const attached = [...reader.resources('AWS::IAM::Policy'), ...reader.resources('AWS::IAM::ManagedPolicy')]
    .filter(([, policy]) => several(policy.Roles).some(name => reader.target(name) === logicalId))
    .map(([, policy]) => policy.PolicyDocument);
  const inline = several(role.Policies)
    .filter(isObject)
    .map(policy => policy.PolicyDocument);
  return {
    trustedServices: trust.flatMap(statement =>
      isObject(statement.Principal)
        ? several(statement.Principal.Service).flatMap(service => reader.text(service) ?? [])
        : [],
    ),
    trustConditions: trust.flatMap(statement =>
      Object.values(isObject(statement.Condition) ? statement.Condition : {}).flatMap(test =>
        Object.keys(isObject(test) ? test : {}),
      ),
    ),
    actions: [...inline, ...attached]
      .flatMap(statements)
      .filter(statement => statement.Effect === 'Allow')
      .flatMap(statement => several(statement.Action).flatMap(action => reader.text(action) ?? [])),
    managedPolicies: several(role.ManagedPolicyArns).map(arn => reader.text(arn)?.split('/').at(-1) ?? 'unknown'),
  };
}

function statements(document: unknown): Readonly<Record<string, unknown>>[] {
  return isObject(document) ? several(document.Statement).filter(isObject) : [];
}

/** The interface endpoints of a template that lead to the SageMaker runtime. */
export function readPrivateAccessPlans(reader: TemplateReader): PrivateAccessPlan[] {
  return reader
    .resources('AWS::EC2::VPCEndpoint')
    .filter(([, endpoint]) => /\.sagemaker\.runtime/.test(reader.text(endpoint.ServiceName) ?? ''))
    .map(([logicalId, endpoint]) => {
      const groups = several(endpoint.SecurityGroupIds).map(group => reader.target(group));
      return {
        logicalId,
        privateDns: reader.text(endpoint.PrivateDnsEnabled) === 'true',
        openPorts: groups.includes(undefined) ? undefined : groups.flatMap(group => openPorts(reader, group!)),
      };
    });
}

function openPorts(reader: TemplateReader, group: string): [number, number][] {
  const own = several(reader.properties(group)?.SecurityGroupIngress).filter(isObject);
  const added = reader
    .resources('AWS::EC2::SecurityGroupIngress')
    .filter(([, rule]) => reader.target(rule.GroupId) === group)
    .map(([, rule]) => rule);
  return [...own, ...added].map(rule =>
    reader.text(rule.IpProtocol) === '-1'
      ? [0, 65_535]
      : [Number(reader.text(rule.FromPort)), Number(reader.text(rule.ToPort))],
  );
}
