import type { Output } from '../../../bin/terminal';

const ESCAPE = '\x1b';
const TOKEN = new RegExp(`${ESCAPE}\\[K|.`, 'gsu');

/** A terminal in memory: understands what the commands use, and shows what a person would see. */
export class Screen implements Output {
  readonly isTTY = true;
  private readonly rows: string[] = [''];
  private column = 0;

  constructor(readonly columns = 80) {}

  write(text: string): void {
    for (const [token] of text.matchAll(TOKEN)) {
      if (token === '\n') {
        this.rows.push('');
        this.column = 0;
      } else if (token === '\r') this.column = 0;
      else if (token === `${ESCAPE}[K`) this.rows.push([...this.rows.pop()!].slice(0, this.column).join(''));
      else {
        const row = [...this.rows.pop()!];
        row[this.column] = token;
        this.rows.push(row.join(''));
        this.column += 1;
        // A line that reaches the last column would wrap, and could not be rewritten any more.
        if (this.column >= this.columns) throw new Error(`The line is too long for ${this.columns} columns.`);
      }
    }
  }

  /** What is on the screen. */
  toString(): string {
    return this.rows.map(row => row.trimEnd()).join('\n');
  }
}
