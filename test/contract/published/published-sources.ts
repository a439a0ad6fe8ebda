import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import record from './record.json';

/** The streaming operation's API model, as recorded: no package of npm or PyPI carries its constraints. */
export const streaming = record.streaming;

interface Constraints {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

/** What botocore's model says about a shape, as recorded. `npm run rehearse` compares the record with the model itself. */
export function apiShape(name: string): Constraints {
  const shape = (record.botocore.shapes.sagemaker as Record<string, Constraints>)[name];
  if (!shape) throw new Error(`${name} is not recorded; add it to test/rehearse/published-values.ts and record again`);
  return shape;
}

/** What the CloudFormation resource schema says about a property, as recorded from cfn-lint. */
export function schemaProperty(resource: string, path: string): Record<string, unknown> {
  const paths = (record['cfn-lint'].resources as Record<string, Record<string, Record<string, unknown> | null>>)[
    resource
  ];
  const property = paths?.[path];
  if (!property) throw new Error(`${resource} ${path} is not recorded`);
  return property;
}

/** A property as the CDK's resource database describes it. */
export interface SpecProperty {
  readonly documentation?: string;
  readonly causesReplacement?: 'yes' | 'no' | 'maybe';
  readonly type: { readonly allowedValues?: readonly (string | number)[] };
}

const database = loadAwsServiceSpecSync();

/** The properties of a resource type, or of one of its definitions, by name. */
export function specProperties(resourceType: string, definition?: string): Record<string, SpecProperty> {
  const [resource] = database.lookup('resource', 'cloudFormationType', 'equals', resourceType);
  if (!resource) throw new Error(`${resourceType} is not in the CDK's resource database`);
  if (definition === undefined) return resource.properties as Record<string, SpecProperty>;
  const used = database.follow('usesType', resource).find(({ entity }) => entity.name === definition);
  if (!used) throw new Error(`${resourceType} has no definition ${definition}`);
  return used.entity.properties as Record<string, SpecProperty>;
}

/** A pattern as a regular expression that has to match the whole value, as the services apply it, in one spelling. */
export function wholePattern(pattern: string): string {
  return new RegExp(`^${pattern.replace(/^\^|\$$/g, '')}$`).source.replaceAll('\\-', '-').replaceAll('\\/', '/');
}
