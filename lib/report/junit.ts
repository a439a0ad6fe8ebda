import { escapeXml } from './escape-xml';
import { countVerdicts, type Finding, type Report } from './finding';

/**
 * A report in the JUnit XML dialect that CI systems read (the schema of the Apache Ant `junit` task): one suite, one test case
 * per check. A warning passes and tells itself in `system-out`, because the format knows no warnings.
 */
export function renderJUnit(report: Report): string {
  const counts = countVerdicts(report.findings);
  const suiteName = `bidi ${report.command} ${report.subject}`;
  const totalMs = report.findings.reduce((sum, finding) => sum + (finding.elapsedMs ?? 0), 0);
  const totals = `tests="${report.findings.length}" failures="${counts.fail}" errors="0" skipped="${counts.skip}" time="${seconds(totalMs)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="${escapeXml(suiteName)}" ${totals}>`,
    ...report.findings.map(finding => testCase(report, finding)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(report: Report, finding: Finding): string {
  const { file, line } = finding.location ?? {};
  const place = (file ? ` file="${escapeXml(file)}"` : '') + (line ? ` line="${line}"` : '');
  const open =
    `    <testcase classname="bidi.${escapeXml(report.command)}" name="${escapeXml(finding.name)}"` +
    ` time="${seconds(finding.elapsedMs ?? 0)}"${place}>`;
  const text = [
    `rule: ${finding.rule} (${finding.source})`,
    `seen: ${finding.seen}`,
    ...(finding.next === undefined ? [] : [`next: ${finding.next}`]),
  ].join('\n');
  switch (finding.verdict) {
    case 'fail':
      return `${open}\n      <failure message="${escapeXml(finding.seen)}" type="${escapeXml(finding.name)}">${escapeXml(text)}</failure>\n    </testcase>`;
    case 'skip':
      return `${open}\n      <skipped message="${escapeXml(finding.seen)}"/>\n    </testcase>`;
    case 'warn':
      return `${open}\n      <system-out>${escapeXml(`warning\n${text}`)}</system-out>\n    </testcase>`;
    case 'pass':
      return `${open}\n      <system-out>${escapeXml(text)}</system-out>\n    </testcase>`;
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}
