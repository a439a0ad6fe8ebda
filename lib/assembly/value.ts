/**
 * A value of a template as this machine knows it: the value itself where the template tells it, a {@link StandIn} where this
 * machine uses another, or {@link AfterDeployment} where CloudFormation has to run first.
 */
export type Value<T = string> = T | StandIn<T> | AfterDeployment;

/** A value that takes the place, on this machine, of one that only a deployment makes. */
export class StandIn<T = unknown> {
  /**
   * @param standIn the value to run with here.
   * @param because why the deployed value is not known, as a sentence without its full stop.
   */
  constructor(
    readonly standIn: T,
    readonly because: string,
  ) {}
}

/** A value that is known only after deployment. */
export class AfterDeployment {
  /** @param because why, as a sentence without its full stop. */
  constructor(readonly because: string) {}
}

/** The value as it is deployed; `undefined` where the template alone does not tell it. */
export function knownValue<T>(value: Value<T> | undefined): T | undefined {
  return value instanceof StandIn || value instanceof AfterDeployment ? undefined : value;
}

/** The value to run with on this machine; `undefined` where it is known only after deployment. */
export function localValue<T>(value: Value<T> | undefined): T | undefined {
  if (value instanceof AfterDeployment) return undefined;
  return value instanceof StandIn ? value.standIn : value;
}

/** Those values of a list that are known before the deployment. */
export function knownValues<T>(values: readonly Value<T>[] = []): T[] {
  return values.flatMap(value => knownValue(value) ?? []);
}
