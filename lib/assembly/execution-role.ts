import type { IntrinsicResolver, NamedResource } from './intrinsic-resolver';
import { isObject, type JsonObject, several } from './template';
import { localValue, type Value } from './value';

/** An execution role with the policies that the template gives it. */
export interface ExecutionRoleDefinition {
  /** Principals of services that may assume it. */
  readonly trustedServices: readonly string[];
  /** Condition keys of the trust policy. */
  readonly trustConditions: readonly string[];
  /** Actions that its policies in this template allow. */
  readonly actions: readonly string[];
  /** Names of attached managed policies. */
  readonly managedPolicies: readonly string[];
}

/** Reads a role, and the policies of the template that are attached to it. */
export function readExecutionRole(resolver: IntrinsicResolver, role: NamedResource): ExecutionRoleDefinition {
  const properties = resolver.properties(role);
  const trust = statements(properties.AssumeRolePolicyDocument);
  const inline = several(properties.Policies)
    .filter(isObject)
    .map(policy => policy.PolicyDocument);
  const attached = [...resolver.resources('AWS::IAM::Policy'), ...resolver.resources('AWS::IAM::ManagedPolicy')]
    .filter(({ definition }) =>
      several(definition.Properties?.Roles).some(name => resolver.target(name)?.logicalId === role.logicalId),
    )
    .map(policy => resolver.properties(policy).PolicyDocument);
  return {
    trustedServices: trust.flatMap(({ Principal }) => (isObject(Principal) ? texts(Principal.Service) : [])),
    trustConditions: trust.flatMap(({ Condition }) =>
      Object.values(isObject(Condition) ? Condition : {}).flatMap(operator =>
        Object.keys(isObject(operator) ? operator : {}),
      ),
    ),
    actions: [...inline, ...attached]
      .flatMap(statements)
      .filter(statement => statement.Effect === 'Allow')
      .flatMap(statement => texts(statement.Action)),
    managedPolicies: several(properties.ManagedPolicyArns).map(
      arn => localText(arn)?.split('/').at(-1) ?? 'a policy of another stack',
    ),
  };
}

function statements(document: unknown): JsonObject[] {
  return isObject(document) ? several(document.Statement).filter(isObject) : [];
}

function texts(value: unknown): string[] {
  return several(value).flatMap(item => localText(item) ?? []);
}

function localText(value: unknown): string | undefined {
  const text = localValue(value as Value<unknown>);
  return text === undefined ? undefined : String(text);
}
