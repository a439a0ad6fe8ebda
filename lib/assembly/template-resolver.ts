import { CloudAssemblyError } from './cloud-assembly-error';
import { LOCAL_ACCOUNT } from './local-account';

/** A CloudFormation template, as far as it is read here. */
export interface Template {
  readonly Resources?: Record<string, TemplateResourceDefinition>;
  readonly Parameters?: Record<string, { readonly Type?: string; readonly Default?: unknown }>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Conditions?: Record<string, unknown>;
  readonly Outputs?: Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>;
}

interface TemplateResourceDefinition {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly Metadata?: Record<string, unknown>;
  readonly Condition?: string;
}

/** One resource of a template. */
export interface TemplateResource {
  readonly logicalId: string;
  readonly definition: TemplateResourceDefinition;
}

export interface TemplateResolverOptions {
  /** Name of the stack. */
  readonly name: string;
  readonly template: Template;
  /** Region, where the stack is not agnostic of it. */
  readonly region?: string;
  /** Account, where the stack is not agnostic of it. */
  readonly account?: string;
  /** Value of another stack's export, or undefined. */
  readonly exported?: (name: string) => unknown;
}

/** Properties that name a resource, by type. */
const NAME_PROPERTIES: Record<string, string> = {
  'AWS::SageMaker::Endpoint': 'EndpointName',
  'AWS::SageMaker::EndpointConfig': 'EndpointConfigName',
  'AWS::SageMaker::Model': 'ModelName',
};

/**
 * Resolves CloudFormation's intrinsic functions as a deployment would, as far as that is possible without one.
 *
 * A reference to a resource that only a deployment can make becomes its logical id: no container of an endpoint can tell the
 * difference before it calls AWS with it.
 */
export class TemplateResolver {
  readonly #region: string;
  readonly #account: string;
  readonly #resolving = new Set<string>();

  constructor(private readonly options: TemplateResolverOptions) {
    this.#region = options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
    this.#account = options.account ?? LOCAL_ACCOUNT;
  }

  /** The resources of a type that their conditions let exist. */
  resources(type: string): TemplateResource[] {
    return Object.entries(this.options.template.Resources ?? {})
      .filter(([, { Type, Condition }]) => Type === type && (Condition === undefined || this.#condition(Condition)))
      .map(([logicalId, definition]) => ({ logicalId, definition }));
  }

  /** A property with its functions resolved; undefined when it is absent. */
  property(resource: TemplateResource, name: string): unknown {
    return this.resolve(resource.definition.Properties?.[name]);
  }

  /** A property that must be a text. */
  text(resource: TemplateResource, name: string): string {
    const value = this.property(resource, name);
    if (typeof value !== 'string') {
      throw this.#fault(`${name} of ${resource.logicalId} is no text.`, `It is ${JSON.stringify(value)}.`);
    }
    return value;
  }

  /** The name that a resource has or, where CloudFormation would make one up, one that is made up the same way. */
  physicalName({ logicalId, definition }: TemplateResource): string {
    const property = NAME_PROPERTIES[definition.Type];
    const given = property === undefined ? undefined : this.resolve(definition.Properties?.[property]);
    // CloudFormation appends letters of its own, which nobody can know; the rest is as deployed.
    return given === undefined ? `${this.options.name}-${logicalId}`.slice(0, 63) : String(given);
  }

  /** Resolves a value of a template. */
  resolve(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map(each => this.resolve(each)).filter(each => each !== undefined);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only && (only[0] === 'Ref' || only[0] === 'Condition' || only[0].startsWith('Fn::'))) {
      return this.#call(only[0], only[1]);
    }
    return Object.fromEntries(
      entries.flatMap(([name, each]) => {
        const resolved = this.resolve(each);
        return resolved === undefined ? [] : [[name, resolved]];
      }),
    );
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#ref(String(argument));
      case 'Fn::GetAtt':
        return this.#attribute(argument);
      case 'Fn::Sub':
        return this.#substitute(argument);
      case 'Fn::Join': {
        const [separator, parts] = this.resolve(argument) as [string, unknown[]];
        return parts.map(String).join(separator);
      }
      case 'Fn::Select': {
        const [index, list] = this.resolve(argument) as [string, unknown[]];
        return list[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, text] = this.resolve(argument) as [string, string];
        return String(text).split(separator);
      }
      case 'Fn::Base64':
        return Buffer.from(String(this.resolve(argument))).toString('base64');
      case 'Fn::FindInMap': {
        const [map, first, second, fallback] = this.resolve(argument) as [string, string, string, unknown];
        return (
          this.options.template.Mappings?.[map]?.[first]?.[second] ??
          (fallback as { DefaultValue?: unknown } | undefined)?.DefaultValue
        );
      }
      case 'Fn::If': {
        const [condition, yes, no] = argument as [string, unknown, unknown];
        return this.resolve(this.#condition(condition) ? yes : no);
      }
      case 'Condition':
        return this.#condition(String(argument));
      case 'Fn::Equals': {
        const [one, other] = this.resolve(argument) as [unknown, unknown];
        return String(one) === String(other);
      }
      case 'Fn::Not':
        return (argument as unknown[]).every(each => !this.resolve(each));
      case 'Fn::And':
        return (argument as unknown[]).every(each => this.resolve(each));
      case 'Fn::Or':
        return (argument as unknown[]).some(each => this.resolve(each));
      case 'Fn::GetAZs':
        return ['a', 'b', 'c'].map(zone => `${this.#region}${zone}`);
      case 'Fn::ImportValue': {
        const exportName = String(this.resolve(argument));
        const value = this.options.exported?.(exportName);
        if (value === undefined) {
          throw this.#fault(
            `The export ${exportName} is in no stack of this cloud assembly.`,
            'Another app deployed it.',
          );
        }
        return value;
      }
      default:
        throw this.#fault(`The function ${name} cannot be resolved on this machine.`, 'It needs a deployment.');
    }
  }

  #ref(name: string): unknown {
    switch (name) {
      case 'AWS::Region':
        return this.#region;
      case 'AWS::AccountId':
        return this.#account;
      case 'AWS::Partition':
        return this.#region.startsWith('cn-') ? 'aws-cn' : this.#region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
      case 'AWS::URLSuffix':
        return this.#region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
      case 'AWS::StackName':
        return this.options.name;
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${this.#region}:${this.#account}:stack/${this.options.name}/local`;
      case 'AWS::NoValue':
        return undefined;
      case 'AWS::NotificationARNs':
        return [];
    }
    const parameter = this.options.template.Parameters?.[name];
    if (parameter) {
      const isSecretStore = parameter.Type?.startsWith('AWS::SSM::Parameter::Value');
      if (parameter.Default === undefined || isSecretStore)
        return isSecretStore ? String(parameter.Default ?? name) : name;
      return parameter.Type?.includes('List') ? String(parameter.Default).split(',') : parameter.Default;
    }
    const definition = this.options.template.Resources?.[name];
    if (!definition) throw this.#fault(`Ref ${name} refers to nothing in the template.`, 'The template is damaged.');
    return this.#once(name, () => this.physicalName({ logicalId: name, definition }));
  }

  #attribute(argument: unknown): unknown {
    const [logicalId = '', attribute = ''] =
      typeof argument === 'string' ? argument.split(/\.(.*)/s) : (this.resolve(argument) as string[]);
    const definition = this.options.template.Resources?.[logicalId];
    if (!definition)
      throw this.#fault(`Fn::GetAtt ${logicalId} refers to nothing in the template.`, 'The template is damaged.');
    const name = this.#once(logicalId, () => this.physicalName({ logicalId, definition }));
    if (attribute === NAME_PROPERTIES[definition.Type]) return name;
    return attribute === 'Arn' ? `arn:aws:local:${this.#region}:${this.#account}:${name}` : `${name}.${attribute}`;
  }

  #substitute(argument: unknown): string {
    const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [
      string,
      Record<string, unknown>,
    ];
    return String(text).replace(/\$\{(!?)([^}]*)\}/g, (_, escaped: string, name: string) => {
      if (escaped) return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return String(this.resolve(variables[name]));
      return String(name.includes('../local') ? this.#attribute(name) : this.#ref(name));
    });
  }

  #condition(name: string): boolean {
    const condition = this.options.template.Conditions?.[name];
    if (condition === undefined) throw this.#fault(`There is no condition ${name}.`, 'The template is damaged.');
    return Boolean(this.#once(`Condition ${name}`, () => this.resolve(condition)));
  }

  /** Refuses a template whose references go round in a circle. */
  #once<T>(what: string, resolve: () => T): T {
    if (this.#resolving.has(what)) throw this.#fault(`${what} refers to itself.`, 'The template is damaged.');
    this.#resolving.add(what);
    try {
      return resolve();
    } finally {
      this.#resolving.delete(what);
    }
  }

  #fault(what: string, why: string): CloudAssemblyError {
    return new CloudAssemblyError({
      what: `Stack ${this.options.name}: ${what}`,
      why,
      next: 'Give the property a literal value or a parameter with a default.',
    });
  }
}
