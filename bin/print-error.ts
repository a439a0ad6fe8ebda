import { ExplainedError, type Explanation } from '../lib/contract';
import { printable } from '../lib/report/printable';
import { hanging } from '../lib/report/wrap';
import { optionNames } from './option-names';
import { columnsOf } from './terminal';

/** Prints an error on stderr: what happened, why, and what to do next, as wide as the terminal. */
export function printError(error: ExplainedError | Explanation): void {
  const explanation = error instanceof ExplainedError ? error.explainWith(optionNames()) : error;
  process.stderr.write(errorText(explanation, columnsOf(process.stderr)));
}

/** The three parts of an error, each under its label. A word that is wider, such as an ARN, stays whole. */
export function errorText({ what, why, next }: Explanation, width: number): string {
  const parts = [part('', what, width), part('  why:  ', why, width), part('  next: ', next, width)];
  return `${parts.flat().join('\n')}\n`;
}

/** A line that fits stays as it is, because a quoted message may be laid out. Quotations are made printable. */
function part(label: string, text: string, width: number): string[] {
  const indent = ' '.repeat(label.length);
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const line = printable(raw);
    const head = index === 0 ? label : indent;
    return head.length + line.length <= width ? [head + line] : hanging(head, line, width);
  });
}
