import { isUtf8 } from 'node:buffer';
import { UsageError } from './usage-error';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The lines of a stream, without their line feeds, byte for byte. Ends when the signal is aborted. */
export async function* byteLines(source: AsyncIterable<Uint8Array>, enough: AbortSignal): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>(resolve => {
    if (enough.aborted) resolve(undefined);
    enough.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let pending: Buffer[] = [];
  for (;;) {
    const result = await Promise.race([chunks.next(), aborted]);
    if (!result || result.done) break;
    const chunk = Buffer.from(result.value.buffer, result.value.byteOffset, result.value.byteLength);
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0 && !enough.aborted) yield Buffer.concat(pending);
}

/**
 * The lines as text, without a carriage return at their end.
 *
 * @throws UsageError when a line is not UTF-8, naming the line and the offset of the byte
 */
export async function* textLines(lines: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (!isUtf8(line)) throw invalidText(line, number);
    yield (line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line).toString();
  }
}

function invalidText(line: Buffer, number: number): UsageError {
  const replaced = Buffer.from(line.toString());
  const offset = line.findIndex((byte, index) => byte !== replaced[index]);
  const byte = `0x${line[offset]!.toString(16).padStart(2, '0')}`;
  return new UsageError({
    what: `Line ${number} of stdin is not UTF-8: byte ${byte} at offset ${offset} of the line.`,
    why: 'Text has to be UTF-8. This line was not sent, nor any after it.',
    next: 'Convert it with iconv -t UTF-8; `bidi invoke --binary` sends bytes as they are.',
  });
}
