import { hanging, wrap } from '../lib/report/wrap';

const COLUMNS = 80;

/** Text for the end of a command's help, wrapped to a terminal of 80 columns when it is shown. */
export function wrappedHelp(text: string | (() => string)): () => string {
  return () =>
    (typeof text === 'string' ? text : text())
      .split('\n')
      .flatMap(line => (line.length <= COLUMNS ? [line] : fold(line)))
      .join('\n');
}

/** One line as lines that fit: prose by words, a row of a table under its last column, a command with continuations. */
function fold(line: string): string[] {
  const row = /^( {2}\S+ {2,})(\S.*)$/.exec(line);
  if (row) return hanging(row[1]!, row[2]!, COLUMNS);
  return line.startsWith('  ') ? continued(line) : wrap(line, COLUMNS);
}

function continued(line: string): string[] {
  const lines: string[] = [];
  let current = '';
  for (const part of line.split(/(?= --\w| \| )/)) {
    if (current !== '' && current.length + part.length > COLUMNS - ' \\'.length) {
      lines.push(`${current} \\`);
      current = `    ${part.trimStart()}`;
    } else current += part;
  }
  return [...lines, current];
}
