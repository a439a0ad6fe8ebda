import { printable } from '../lib/report/printable';

/** Where a command writes: stdout, stderr, or what stands for them in a test. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Columns of a terminal that does not tell. */
const DEFAULT_COLUMNS = 80;

/** Columns that a text for this output may have. Some terminals report 0, which means that they do not know. */
export function columnsOf({ columns }: Pick<Output, 'columns'>): number {
  return columns || DEFAULT_COLUMNS;
}

/** One line of a terminal that is rewritten in place; nothing at all where the output is no terminal. */
export class LiveLine {
  private shown = '';

  constructor(private readonly output: Output) {}

  /** Shows a text, of which the end is kept where it does not fit, behind a head that is always there. */
  show(head: string, text = ''): void {
    if (!this.output.isTTY) return;
    const columns = columnsOf(this.output) - 1 - head.length;
    const line = head + clipStart(printable(text), columns);
    if (line === this.shown) return;
    this.output.write(`\r\x1b[K${line}`);
    this.shown = line;
  }

  /** Removes the line, so that lasting output can be written. */
  clear(): void {
    if (this.shown) this.output.write('\r\x1b[K');
    this.shown = '';
  }
}

/** Characters that take two columns: East Asian wide ones and pictographs (Unicode, UAX #11). */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

/** The end of a text, as much as fits into that many columns, behind an ellipsis where it is not all. */
function clipStart(text: string, columns: number): string {
  const characters = [...text];
  const width = (from: number) =>
    characters.slice(from).reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);
  if (width(0) <= columns) return text;
  let from = Math.max(1, characters.length - columns);
  while (width(from) > columns - 1) from += 1;
  return `…${characters.slice(from).join('')}`;
}
