import type { Readable } from 'node:stream';
import type { ContainerLine } from './container-engine';

/** Lines kept of a container's output. */
const KEPT_LINES = 50;

/** Longest line, in characters; longer ones are cut into pieces, so that output without line ends needs no memory. */
const LINE_LIMIT = 8_192;

/** Cuts a container's output into lines, reports each, and keeps the last ones. */
export class ContainerOutput {
  private readonly kept: string[] = [];

  constructor(private readonly onLine: (line: ContainerLine) => void) {}

  /** The last lines, oldest first. */
  lines(): readonly string[] {
    return [...this.kept];
  }

  read(readable: Readable, stream: ContainerLine['stream']): void {
    let rest = '';
    readable.setEncoding('utf8');
    readable.on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) this.add(stream, line);
      while (rest.length > LINE_LIMIT) {
        this.add(stream, rest.slice(0, LINE_LIMIT));
        rest = rest.slice(LINE_LIMIT);
      }
    });
    readable.on('end', () => {
      if (rest) this.add(stream, rest);
      rest = '';
    });
    readable.on('error', () => {}); // the container's exit reports its end
  }

  private add(stream: ContainerLine['stream'], text: string): void {
    this.kept.push(text);
    if (this.kept.length > KEPT_LINES) this.kept.shift();
    this.onLine({ stream, text });
  }
}
