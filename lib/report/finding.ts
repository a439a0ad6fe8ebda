/** How a check ended. `warn` does not fail a run; `skip` always says why in {@link Finding.seen}. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'skip';

/** Where a finding was made, for tools that annotate a file. */
export interface FindingLocation {
  /** Path as the user gave it or can open it. */
  readonly file: string;
  /** Line in the file, counted from 1. Absent when the finding is about the file as a whole. */
  readonly line?: number;
}

/** What is asked, and by whose word. */
export interface Rule {
  /** Stable name in kebab case, such as `entrypoint-exec-form`. It is the rule's identifier in SARIF. */
  readonly name: string;
  /** What is asked, in one sentence. */
  readonly rule: string;
  /** Who asks it: document and section, or "measured by operators". */
  readonly source: string;
}

/** What was seen, and what follows from it. */
export interface Observation {
  readonly verdict: Verdict;
  /** What was seen, with figures; for `skip`, why it was not looked at. Never payload or credentials. */
  readonly seen: string;
  /** What to do: one sentence, a command or a line of code. Absent when there is nothing to do. */
  readonly next?: string;
  /** File and line, where the finding has one. */
  readonly location?: FindingLocation;
}

/** One check: a rule and what was seen of it. */
export interface Finding extends Rule, Observation {
  /** How long the check took, in milliseconds. */
  readonly elapsedMs?: number;
}

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

/** All findings about one subject. */
export interface Report {
  /** The command that made it, such as `check` or `preflight`. */
  readonly command: string;
  /** What was looked at: a directory, an image, a URL, a stack. */
  readonly subject: string;
  readonly findings: readonly Finding[];
}

/** How many findings ended with each verdict. */
export function countVerdicts(findings: readonly Finding[]): Readonly<Record<Verdict, number>> {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0 };
  for (const finding of findings) counts[finding.verdict]++;
  return counts;
}

/** Whether nothing failed. Warnings and skipped checks do not count. */
export function isClean(findings: readonly Finding[]): boolean {
  return findings.every(finding => finding.verdict !== 'fail');
}
