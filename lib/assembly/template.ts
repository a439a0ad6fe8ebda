/** A synthesized CloudFormation template, as far as it is read here. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Type?: string; readonly Default?: unknown }>>;
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
}

/** One resource of a {@link Template}. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** The values of a template's pseudo parameters, as far as they are known. */
export interface TemplateContext {
  readonly stackName: string;
  readonly accountId?: string;
  readonly region?: string;
  readonly partition?: string;
  readonly dnsSuffix?: string;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a template: its resources by type, and what its intrinsic functions come to as far as that is known before a deployment. */
export class TemplateReader {
  constructor(
    readonly template: Template,
    readonly context: TemplateContext,
  ) {}

  /** The resources of a type, by logical ID. */
  resources(type: string): [logicalId: string, properties: JsonObject][] {
    return Object.entries(this.template.Resources ?? {})
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId, resource]) => [logicalId, resource.Properties ?? {}]);
  }

  /** The properties of a resource, or `undefined` when it is not in this template. */
  properties(logicalId: string | undefined): JsonObject | undefined {
    const resource = logicalId === undefined ? undefined : this.template.Resources?.[logicalId];
    return resource && (resource.Properties ?? {});
  }

  /** The resource that a `Ref` or `Fn::GetAtt` points to, or `undefined` when the value points to none of this template. */
  target(value: unknown): string | undefined {
    if (!isObject(value)) return undefined;
    const attribute = value['Fn::GetAtt'];
    const logicalId =
      value.Ref ?? (Array.isArray(attribute) ? attribute[0] : typeof attribute === 'string' && attribute.split('.')[0]);
    return typeof logicalId === 'string' && this.template.Resources?.[logicalId] ? logicalId : undefined;
  }

  /** What a value comes to as text, or `undefined` when only CloudFormation knows. */
  text(value: unknown): string | undefined {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (!isObject(value)) return undefined;
    if (typeof value.Ref === 'string') return this.reference(value.Ref);
    if ('Fn::GetAtt' in value) return this.attribute(value['Fn::GetAtt']);
    if ('Fn::Sub' in value) return this.substitution(value['Fn::Sub']);
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'] as [string, unknown];
      return this.list(parts)?.join(separator);
    }
    if ('Fn::Select' in value) {
      const [index, parts] = value['Fn::Select'] as [number | string, unknown];
      return this.list(parts)?.[Number(index)];
    }
    return undefined;
  }

  private list(value: unknown): string[] | undefined {
    if (Array.isArray(value)) {
      const texts = value.map(item => this.text(item));
      return texts.includes(undefined) ? undefined : (texts as string[]);
    }
    if (isObject(value) && 'Fn::Split' in value) {
      const [separator, whole] = value['Fn::Split'] as [string, unknown];
      return this.text(whole)?.split(separator);
    }
    return undefined;
  }

  private reference(name: string): string | undefined {
    switch (name) {
      case 'AWS::AccountId':
        return this.context.accountId;
      case 'AWS::Region':
        return this.context.region;
      case 'AWS::Partition':
        return this.context.partition;
      case 'AWS::URLSuffix':
        return this.context.dnsSuffix;
      case 'AWS::StackName':
        return this.context.stackName;
    }
    const parameter = this.template.Parameters?.[name];
    // The default of a parameter of an SSM type is a name, not the value.
    if (parameter && !parameter.Type?.startsWith('AWS::SSM::')) return this.text(parameter.Default);
    return undefined;
  }

  /** Only the name that a resource was given is known before it exists, and that is its own property of the same name. */
  private attribute(value: unknown): string | undefined {
    const [logicalId, name] = Array.isArray(value) ? (value as [string, string]) : String(value).split('.', 2);
    return name !== undefined && /Name$/.test(name) ? this.text(this.properties(logicalId)?.[name]) : undefined;
  }

  private substitution(value: unknown): string | undefined {
    const [pattern, values] = Array.isArray(value)
      ? (value as [string, JsonObject])
      : [String(value), {} as JsonObject];
    let known = true;
    const text = pattern.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      const found =
        name in values ? this.text(values[name]) : name.includes('.') ? this.attribute(name) : this.reference(name);
      if (found === undefined) known = false;
      return found ?? '';
    });
    return known ? text : undefined;
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value that may be one or several, as several. */
export function several(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
