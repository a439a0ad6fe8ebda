import { countVerdicts, type Report } from './finding';

/** A report for programs: one JSON object, with the counts beside the findings. */
export function renderJson(report: Report): string {
  return `${JSON.stringify({ ...report, counts: countVerdicts(report.findings) }, null, 2)}\n`;
}
