import { renderJson, renderTable } from '../lib/report';
import type { Report } from '../lib/report/finding';
import { columnsOf } from './terminal';

/** Prints a report on stdout: a table as wide as the terminal, or JSON. */
export function printReport(report: Report, options: { readonly json?: boolean }): void {
  const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  process.stdout.write(
    options.json ? renderJson(report) : renderTable(report, { width: columnsOf(process.stdout), color }),
  );
}
