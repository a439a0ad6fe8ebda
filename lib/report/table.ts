import { countVerdicts, type Report, type Verdict } from './finding';
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
 * A report for people: one line for what is fine, and for everything else the rule, its source and what to do.
 * No line is wider than the terminal, except for a single word that is.
 */
export function renderTable(report: Report, options: TableOptions = {}): string {
  const width = options.width ?? 80;
  const nameWidth = Math.max(0, ...report.findings.map(finding => finding.name.length));
  const indent = ' '.repeat(6 + nameWidth + 2);
  const lines = [`bidi ${report.command} ${report.subject}`, ''];
  for (const finding of report.findings) {
    const label = finding.verdict.toUpperCase();
    const verdict = options.color ? `\u001b[${COLORS[finding.verdict]}m${label}\u001b[0m` : label;
    const [first = '', ...rest] = wrap(finding.seen, width - indent.length);
    lines.push(`${verdict}  ${finding.name.padEnd(nameWidth)}  ${first}`.trimEnd());
    for (const line of rest) lines.push(indent + line);
    if (finding.verdict === 'fail' || finding.verdict === 'warn') {
      lines.push(...hanging('      rule: ', `${finding.rule} (${finding.source})`, width));
    }
    if (finding.verdict !== 'pass' && finding.next !== undefined) {
      lines.push(...hanging('      next: ', finding.next, width));
    }
  }
  const counts = countVerdicts(report.findings);
  lines.push(
    '',
    `${report.findings.length} ${report.findings.length === 1 ? 'check' : 'checks'}: ${counts.pass} passed, ${counts.warn} ${counts.warn === 1 ? 'warning' : 'warnings'}, ` +
      `${counts.fail} failed, ${counts.skip} skipped`,
  );
  return `${lines.join('\n')}\n`;
}
