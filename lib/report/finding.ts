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

/** What is asked, and who asks it. */
export interface Rule {
  /** Stable name in kebab case, such as `entrypoint-exec-form`. It is the rule's identifier in SARIF. */
  readonly name: string;
  /** What is asked, in one sentence. */
  readonly rule: string;
  /** Who asks it: document and section, or "measured by operators". */
  readonly source: string;
  /**
   * Whether it is advice and not a rule of the platform: breaking it is a warning.
   *
   * @default false
   */
  readonly isAdvice?: boolean;
}

/** What was seen, and what follows from it. */
export interface Observation {
  readonly verdict: Verdict;
  /** What was seen, with figures; for `skip`, why it was not looked at. Never credentials. */
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

/** Joins a rule and what was seen to a finding. What breaks advice is a warning. */
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

/** What was seen may be a container's or an image's own words. */
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
