import { partitionOf, STANDARD_PARTITION } from '../contract';
import { CloudAssemblyError } from './cloud-assembly-error';
import { LOCAL_ACCOUNT } from './local-account';
import { isObject, type JsonObject, type Template, type TemplateResource } from './template';
import { AfterDeployment, localValue, StandIn, type Value } from './value';

/** A stack's template, with its account and region where they are known. */
export interface StackTemplate {
  /** CloudFormation name of the stack. */
  readonly name: string;
  readonly template: Template;
  /**
   * Account that it is deployed to.
   *
   * @default - not known: a stand-in takes its place
   */
  readonly account?: string;
  /**
   * Region that it is deployed to.
   *
   * @default - not known: the region of the environment, else us-east-1, stands in
   */
  readonly region?: string;
  /**
   * Stacks in which `Fn::ImportValue` finds its export.
   *
   * @default - none
   */
  readonly stacks?: readonly StackTemplate[];
}

/** One resource of a template, with the name that the template knows it by. */
export interface NamedResource {
  readonly logicalId: string;
  readonly definition: TemplateResource;
}

/** Region that stands in for that of a stack which is for any. */
const DEFAULT_REGION = 'us-east-1';

/** Longest name that CloudFormation makes up for a SageMaker resource. */
const NAME_LIMIT = 63;

/**
 * Resolves CloudFormation's intrinsic functions as a deployment would, and says of each value whether the deployment's is known.
 */
export class IntrinsicResolver {
  private readonly region: string | StandIn<string>;
  private readonly account: string | StandIn<string>;
  private readonly resolving = new Set<string>();

  constructor(private readonly stack: StackTemplate) {
    this.region =
      stack.region ??
      new StandIn(
        process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? DEFAULT_REGION,
        `The stack ${stack.name} is for any region`,
      );
    this.account = stack.account ?? new StandIn(LOCAL_ACCOUNT, `The stack ${stack.name} is for any account`);
  }

  /** The resources of a type that their conditions let exist. */
  resources(type: string): NamedResource[] {
    return Object.entries(this.stack.template.Resources ?? {})
      .filter(
        ([, { Type, Condition }]) =>
          Type === type && (Condition === undefined || localValue(this.condition(Condition)) !== false),
      )
      .map(([logicalId, definition]) => ({ logicalId, definition }));
  }

  /** The resource that a `Ref` or `Fn::GetAtt` points to, or `undefined` when the value points to none of this template. */
  target(value: unknown): NamedResource | undefined {
    if (!isObject(value)) return undefined;
    const attribute = value['Fn::GetAtt'];
    const logicalId =
      value.Ref ?? (Array.isArray(attribute) ? attribute[0] : typeof attribute === 'string' && attribute.split('.')[0]);
    const definition = typeof logicalId === 'string' ? this.stack.template.Resources?.[logicalId] : undefined;
    return definition && { logicalId: logicalId as string, definition };
  }

  /** The properties of a resource, resolved. */
  properties({ definition }: NamedResource): JsonObject {
    return this.resolve(definition.Properties ?? {}) as JsonObject;
  }

  /** The name that a resource is given or, where CloudFormation makes one up, a stand-in of the same form. */
  physicalName({ logicalId, definition }: NamedResource): Value {
    const given = this.resolve(definition.Properties?.[nameProperty(definition)]);
    if (given !== undefined) return combine(given, String);
    // CloudFormation appends random letters to it.
    return new StandIn(
      `${this.stack.name}-${logicalId}`.slice(0, NAME_LIMIT),
      `CloudFormation makes up the name of ${logicalId}`,
    );
  }

  /**
   * Resolves a value of a template. Whatever is not known in an object or a list is a {@link StandIn} or {@link AfterDeployment}
   * in it.
   *
   * @throws CloudAssemblyError when the template refers to what it does not hold, or to itself.
   */
  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(item => this.resolve(item)).filter(item => item !== undefined);
    if (typeof value === 'string' && value.includes('{{resolve:')) {
      return new StandIn(value, `CloudFormation resolves ${value}`);
    }
    if (!isObject(value)) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only && (only[0] === 'Ref' || only[0] === 'Condition' || only[0].startsWith('Fn::'))) {
      return this.call(only[0], only[1]);
    }
    return Object.fromEntries(
      entries.map(([name, item]) => [name, this.resolve(item)]).filter(([, item]) => item !== undefined),
    );
  }

  private call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.ref(String(argument));
      case 'Fn::GetAtt':
        return this.attribute(argument);
      case 'Fn::Sub':
        return this.substitute(argument);
      case 'Fn::If': {
        const [condition, yes, no] = argument as [string, unknown, unknown];
        return follow(this.condition(condition), holds => this.resolve(holds ? yes : no));
      }
      case 'Fn::Select': {
        const [index, list] = this.resolve(argument) as [Value<unknown>, Value<unknown[]>];
        return follow(index, position => follow(list, items => items[Number(position)]));
      }
      case 'Fn::ImportValue':
        return follow(this.resolve(argument), exportName => this.importValue(String(exportName)));
      case 'Fn::GetAZs':
        return follow(this.region, region => ['a', 'b', 'c'].map(zone => `${region}${zone}`));
      case 'Condition':
        return this.condition(String(argument));
      default:
        return this.compute(name, this.resolve(argument));
    }
  }

  /** The functions that need nothing but their arguments. */
  private compute(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Fn::Join':
        return combine(argument, ([separator, parts]: [string, unknown[]]) => parts.map(String).join(separator));
      case 'Fn::Split':
        return combine(argument, ([separator, text]: [string, unknown]) => String(text).split(separator));
      case 'Fn::Base64':
        return combine(argument, text => Buffer.from(String(text)).toString('base64'));
      case 'Fn::FindInMap':
        return combine(argument, ([map, first, second, fallback]: unknown[]) => {
          const found = this.stack.template.Mappings?.[String(map)]?.[String(first)]?.[String(second)];
          return found ?? (isObject(fallback) ? fallback.DefaultValue : undefined);
        });
      case 'Fn::Equals':
        return combine(argument, ([one, other]: unknown[]) => String(one) === String(other));
      case 'Fn::Not':
        return combine(argument, ([condition]: unknown[]) => !condition);
      case 'Fn::And':
        return combine(argument, (conditions: unknown[]) => conditions.every(Boolean));
      case 'Fn::Or':
        return combine(argument, (conditions: unknown[]) => conditions.some(Boolean));
      default:
        return new AfterDeployment(`Only CloudFormation resolves ${name}`);
    }
  }

  private ref(name: string): unknown {
    switch (name) {
      case 'AWS::Region':
        return this.region;
      case 'AWS::AccountId':
        return this.account;
      case 'AWS::Partition':
        return this.ofPartition('name');
      case 'AWS::URLSuffix':
        return this.ofPartition('dnsSuffix');
      case 'AWS::StackName':
        return this.stack.name;
      case 'AWS::StackId':
        return new StandIn(
          `arn:aws:cloudformation:${localValue(this.region)}:${localValue(this.account)}:stack/${this.stack.name}/local`,
          `CloudFormation makes up the id of ${this.stack.name}`,
        );
      case 'AWS::NoValue':
        return undefined;
      case 'AWS::NotificationARNs':
        return [];
    }
    const parameter = this.stack.template.Parameters?.[name];
    if (parameter) return parameterValue(name, parameter);
    const definition = this.stack.template.Resources?.[name];
    if (!definition) throw this.damaged(`Ref ${name} refers to nothing in the template`);
    // Of some types this is the name, of others the ARN; which, CloudFormation knows.
    return this.madeAtDeployment({ logicalId: name, definition }, physicalName => physicalName);
  }

  private ofPartition(property: 'name' | 'dnsSuffix'): Value {
    return follow(
      this.region,
      region =>
        partitionOf(region)?.[property] ??
        new StandIn(
          STANDARD_PARTITION[property],
          `No partition with bidirectional streaming holds the region ${region}`,
        ),
    ) as Value;
  }

  private attribute(argument: unknown): unknown {
    const [logicalId = '', attribute = ''] =
      typeof argument === 'string'
        ? argument.split(/\.(.*)/s)
        : (argument as unknown[]).map(part => String(localValue(this.resolve(part))));
    const definition = this.stack.template.Resources?.[logicalId];
    if (!definition) throw this.damaged(`Fn::GetAtt ${logicalId} refers to nothing in the template`);
    const resource = { logicalId, definition };
    if (attribute === nameProperty(definition)) return this.once(logicalId, () => this.physicalName(resource));
    const given = attribute.endsWith('Name') ? definition.Properties?.[attribute] : undefined;
    if (given !== undefined) return this.once(logicalId, () => this.resolve(given));
    return this.madeAtDeployment(resource, name =>
      attribute === 'Arn'
        ? `arn:${localValue(this.ofPartition('name'))}:local:${localValue(this.region)}:${localValue(this.account)}:${name}`
        : `${name}.${attribute}`,
    );
  }

  private madeAtDeployment(resource: NamedResource, standIn: (physicalName: string) => string): Value {
    const name = this.once(resource.logicalId, () => this.physicalName(resource));
    if (name instanceof AfterDeployment) return name;
    return new StandIn(standIn(localValue(name)!), `The deployment makes ${resource.logicalId}`);
  }

  private substitute(argument: unknown): Value {
    const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, JsonObject];
    const parts = String(text)
      .split(/(\$\{[^}]*\})/)
      .map(part => {
        const [, escaped, name] = /^\$\{(!?)([^}]*)\}$/.exec(part) ?? [];
        if (name === undefined) return part;
        if (escaped) return `\${${name}}`;
        if (Object.hasOwn(variables, name)) return this.resolve(variables[name]);
        return name.includes('.') ? this.attribute(name) : this.ref(name);
      });
    return combine(parts, (resolved: unknown[]) => resolved.map(String).join(''));
  }

  private condition(name: string): Value<boolean> {
    const condition = this.stack.template.Conditions?.[name];
    if (condition === undefined) throw this.damaged(`There is no condition ${name}`);
    return combine(
      this.once(`Condition ${name}`, () => this.resolve(condition)),
      Boolean,
    );
  }

  private importValue(exportName: string): unknown {
    for (const stack of this.stack.stacks ?? []) {
      const resolver = new IntrinsicResolver(stack);
      for (const output of Object.values(stack.template.Outputs ?? {})) {
        if (output.Export && localValue(resolver.resolve(output.Export.Name)) === exportName) {
          return resolver.resolve(output.Value);
        }
      }
    }
    return new AfterDeployment(
      `The export ${exportName} is in no stack of this cloud assembly: another app deploys it`,
    );
  }

  /** Refuses a template whose references form a circle. */
  private once<T>(reference: string, resolve: () => T): T {
    if (this.resolving.has(reference)) throw this.damaged(`${reference} refers to itself`);
    this.resolving.add(reference);
    try {
      return resolve();
    } finally {
      this.resolving.delete(reference);
    }
  }

  private damaged(what: string): CloudAssemblyError {
    return new CloudAssemblyError({
      what: `Stack ${this.stack.name}: ${what}.`,
      why: 'The template is damaged.',
      next: 'Run cdk synth again.',
    });
  }
}

/** The property that names a resource: its type's last word and `Name`, as in `AWS::SageMaker::Model` and `ModelName`. */
function nameProperty({ Type }: TemplateResource): string {
  return `${Type.slice(Type.lastIndexOf(':') + 1)}Name`;
}

function parameterValue(name: string, { Type = 'String', Default }: { Type?: string; Default?: unknown }): unknown {
  if (Type.startsWith('AWS::SSM::')) {
    return new StandIn(String(Default ?? name), `The parameter ${name} is read from SSM Parameter Store`);
  }
  if (Default === undefined) return new StandIn(name, `The parameter ${name} has no default`);
  return Type.includes('List') ? String(Default).split(',') : Default;
}

/** Applies a function to an argument, lists in it included; what is not known of the argument is not known of the result. */
function combine<Argument, Result>(argument: unknown, apply: (argument: Argument) => Result): Value<Result> {
  let unknown: StandIn | AfterDeployment | undefined;
  const plain = (value: unknown): unknown => {
    if (value instanceof AfterDeployment) {
      unknown = value;
      return undefined;
    }
    if (value instanceof StandIn) {
      unknown ??= value;
      return plain(value.standIn);
    }
    return Array.isArray(value) ? value.map(plain) : value;
  };
  const argumentHere = plain(argument);
  if (unknown instanceof AfterDeployment) return unknown;
  const result = apply(argumentHere as Argument);
  return unknown ? new StandIn(result, unknown.because) : result;
}

/** Goes on with a value; where that is a stand-in, everything that follows from it is one too. */
function follow<T>(value: Value<T>, next: (value: T) => unknown): unknown {
  if (value instanceof AfterDeployment) return value;
  return value instanceof StandIn ? asStandIn(next(value.standIn as T), value.because) : next(value as T);
}

function asStandIn(value: unknown, because: string): unknown {
  if (value === undefined || value instanceof StandIn || value instanceof AfterDeployment) return value;
  if (Array.isArray(value)) return value.map(item => asStandIn(item, because));
  if (!isObject(value)) return new StandIn(value, because);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asStandIn(item, because)]));
}
