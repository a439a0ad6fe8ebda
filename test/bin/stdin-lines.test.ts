import { byteLines, textLines } from '../../bin/stdin-lines';

const never = new AbortController().signal;

async function* chunks(...parts: string[]) {
  for (const part of parts) yield Buffer.from(part, 'latin1');
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test.each([
  [['one\ntwo\n'], ['one', 'two']],
  [
    ['o', 'ne\nt', 'wo'],
    ['one', 'two'],
  ],
  [
    ['\n', '\n'],
    ['', ''],
  ],
  [['y\xff', '\xfe\r\n'], ['y\xff\xfe\r']],
  [[], []],
])('%j has the lines %j, byte for byte', async (parts, lines) => {
  expect((await collect(byteLines(chunks(...parts), never))).map(line => line.toString('latin1'))).toEqual(lines);
});

test('text loses its carriage returns, and invalid text names its place', async () => {
  expect(await collect(textLines(byteLines(chunks('a\r\n\xc3\xbc\n'), never)))).toEqual(['a', 'ü']);
  await expect(collect(textLines(byteLines(chunks('a\n', 'b\xc3(\n'), never)))).rejects.toThrow(
    'Line 2 of stdin is not UTF-8: byte 0xc3 at offset 1 of the line.',
  );
});

test('ends when it is enough, though the source does not', async () => {
  const enough = new AbortController();
  async function* endless() {
    yield Buffer.from('one\ntw');
    await new Promise(() => undefined);
  }
  const lines = byteLines(endless(), enough.signal);
  expect((await lines.next()).value!.toString()).toBe('one');
  enough.abort();
  expect((await lines.next()).done).toBe(true);
});
