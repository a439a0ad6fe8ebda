import type { Finding, FindingLocation, Verdict } from '../finding';

/** What a check asks, and who asks it. */
export interface Rule {
  /** Stable name in kebab case. */
  readonly name: string;
  /** One sentence. */
  readonly rule: string;
  /** Document and section, or who measured it. */
  readonly source: string;
}

/** What a check saw. */
export interface Observation {
  readonly verdict: Verdict;
  readonly seen: string;
  readonly next?: string;
  readonly location?: FindingLocation;
}

/** The sources of the rules. */
export const Source = {
  DEVELOPER_GUIDE: 'SageMaker AI developer guide, container contract for bidirectional streaming',
  HOSTING_GUIDE: 'SageMaker AI developer guide, custom inference code with hosting services',
  OPERATORS: 'measured by operators',
  ADVICE: 'advice of this kit',
} as const;

export function pass(seen: string): Observation {
  return { verdict: 'pass', seen };
}

export function warn(seen: string, next?: string): Observation {
  return { verdict: 'warn', seen, ...(next === undefined ? {} : { next }) };
}

export function fail(seen: string, next: string): Observation {
  return { verdict: 'fail', seen, next };
}

export function skip(seen: string, next?: string): Observation {
  return { verdict: 'skip', seen, ...(next === undefined ? {} : { next }) };
}

/** Joins a rule and what was seen to a finding. */
export function finding(rule: Rule, observation: Observation, elapsedMs?: number): Finding {
  const { name, rule: asked, source } = rule;
  return { name, rule: asked, source, ...observation, ...(elapsedMs === undefined ? {} : { elapsedMs }) };
}
