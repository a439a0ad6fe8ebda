import { printable } from './printable';

/** How a check ended. A warning does not fail a run unless it is strict; a skipped check says why in {@link Observation.seen}. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'skip';

/** Where a finding was made, for tools that annotate a file. */
export interface FindingLocation {
  /** Path as the user gave it or can open it. */
  readonly file: string;
  /** Line in the file, counted from 1. Absent when the finding is about the file as a whole. */
  readonly line?: number;
}

/** A rule, and its source. */
export interface Rule {
  /** Stable name in kebab case, such as `entrypoint-exec-form`. It is the rule's identifier in SARIF. */
  readonly name: string;
  /** The rule in one sentence. */
  readonly rule: string;
  /** The source of the rule: document and section, or "measured by operators". */
  readonly source: string;
  /**
   * Whether it is advice and not a rule of the platform: breaking it is a warning.
   *
   * @default false
   */
  readonly isAdvice?: boolean;
}

/** An observation, and what to do about it. */
export interface Observation {
  readonly verdict: Verdict;
  /** The observation, with figures; for `skip`, why the check was skipped. Never credentials. */
  readonly seen: string;
  /** What to do: one sentence, a command or a line of code. Absent when there is nothing to do. */
  readonly next?: string;
  /** File and line, where the finding has one. */
  readonly location?: FindingLocation;
}

/** One check: a rule and the observation. */
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

/** Joins a rule and an observation to a finding. A failed rule that is advice is a warning. */
export function finding(rule: Rule, observation: Observation, elapsedMs?: number): Finding {
  const { name, rule: asked, source, isAdvice } = rule;
  const verdict = isAdvice && observation.verdict === 'fail' ? 'warn' : observation.verdict;
  return {
    name,
    rule: asked,
    source,
    ...observation,
    verdict,
    seen: printableLines(observation.seen),
    ...(observation.next === undefined ? {} : { next: printableLines(observation.next) }),
    ...(elapsedMs === undefined ? {} : { elapsedMs }),
  };
}

/** An observation may quote a container or an image. */
function printableLines(text: string): string {
  return text.split(/\r?\n/).map(printable).join('\n');
}

/** The same findings with every warning a failure, as `--strict` asks. */
export function strict(findings: readonly Finding[]): Finding[] {
  return findings.map(found => (found.verdict === 'warn' ? { ...found, verdict: 'fail' } : found));
}

/** All findings about one subject. */
export interface Report {
  /** The command that made it, such as `check` or `preflight`. */
  readonly command: string;
  /** The subject of the check: a directory, an image, a URL, a stack. */
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
