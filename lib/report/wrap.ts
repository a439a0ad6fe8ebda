/** Text behind a label, its further lines under the first. */
export function hanging(label: string, text: string, width: number): string[] {
  const indent = ' '.repeat(label.length);
  return wrap(text, width - label.length).map((line, index) => (index === 0 ? label : indent) + line);
}

/** Breaks at spaces; a word longer than the width keeps its own line, so that paths and ARNs can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split(/\r?\n/)) {
    let line = '';
    for (const word of paragraph.split(/\s+/).filter(word => word !== '')) {
      if (line === '') line = word;
      else if (line.length + 1 + word.length <= width) line += ` ${word}`;
      else {
        lines.push(line);
        line = word;
      }
    }
    if (line !== '') lines.push(line);
  }
  return lines;
}
