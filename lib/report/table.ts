import { countVerdicts, type Finding, type Report, type Verdict } from './finding';
import { printable } from './printable';
import { hanging, wrap } from './wrap';

/** How a table is laid out. */
export interface TableOptions {
  /**
   * Columns of the terminal.
   *
   * @default 80
   */
  readonly width?: number;
  /**
   * Colour the verdicts with ANSI escapes.
   *
   * @default false
   */
  readonly color?: boolean;
}

const COLORS: Readonly<Record<Verdict, number>> = { pass: 32, warn: 33, fail: 31, skip: 90 };

/**
 * A report for people: one line for a check that passed, and for every other the rule, its source and what to do. Checks that
 * were skipped one after the other for the same reason share a line. No line is wider than the terminal, except for a single word
 * that is.
 */
export function renderTable(report: Report, options: TableOptions = {}): string {
  const width = options.width ?? 80;
  const nameWidth = Math.max(0, ...report.findings.map(finding => finding.name.length));
  const indent = ' '.repeat(6 + nameWidth + 2);
  const row = (verdict: Verdict, name: string, text: string): string[] => {
    const label = verdict.toUpperCase();
    const shown = options.color ? `\u001b[${COLORS[verdict]}m${label}\u001b[0m` : label;
    const [first = '', ...rest] = wrap(text, width - indent.length);
    return [`${shown}  ${name.padEnd(nameWidth)}  ${first}`.trimEnd(), ...rest.map(line => indent + line)];
  };
  const lines = [`bidi ${report.command} ${printable(report.subject)}`, ''];
  for (const group of foldSkipped(report.findings)) {
    const [finding] = group;
    lines.push(
      ...(group.length === 1
        ? row(finding.verdict, finding.name, finding.seen)
        : row('skip', `${group.length} checks`, `${finding.seen}: ${group.map(({ name }) => name).join(', ')}`)),
    );
    if (finding.verdict === 'fail' || finding.verdict === 'warn') {
      lines.push(...hanging('      rule: ', `${finding.rule} (${finding.source})`, width));
    }
    if (finding.verdict !== 'pass' && finding.next !== undefined) {
      lines.push(...hanging('      next: ', finding.next, width));
    }
  }
  lines.push('', summary(report.findings));
  return `${lines.join('\n')}\n`;
}

/** The findings in order; neighbours that were skipped for the same reason are one group. */
function foldSkipped(findings: readonly Finding[]): [Finding, ...Finding[]][] {
  const groups: [Finding, ...Finding[]][] = [];
  for (const finding of findings) {
    const [last] = groups.at(-1) ?? [];
    const isSame = last?.verdict === 'skip' && finding.verdict === 'skip';
    if (isSame && last.seen === finding.seen && last.next === finding.next) groups.at(-1)!.push(finding);
    else groups.push([finding]);
  }
  return groups;
}

function summary(findings: readonly Finding[]): string {
  const { pass, warn, fail, skip } = countVerdicts(findings);
  const checks = `${findings.length} ${findings.length === 1 ? 'check' : 'checks'}`;
  return `${checks}: ${pass} passed, ${warn} ${warn === 1 ? 'warning' : 'warnings'}, ${fail} failed, ${skip} skipped`;
}
