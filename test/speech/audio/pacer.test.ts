import { inPieces, pace } from '../../../lib/speech/audio';

const BYTES_PER_SECOND = 32_000;

async function* source(...lengths: number[]): AsyncGenerator<Uint8Array> {
  let value = 0;
  for (const length of lengths) yield Uint8Array.from({ length }, () => value++);
}

async function arrivals(chunks: AsyncIterable<Uint8Array>, each?: (index: number) => Promise<void>) {
  const startedAt = performance.now();
  const seen: { atMs: number; bytes: number }[] = [];
  for await (const chunk of chunks) {
    seen.push({ atMs: performance.now() - startedAt, bytes: chunk.length });
    await each?.(seen.length - 1);
  }
  return seen;
}

const busy = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe('pace', () => {
  it('lets 100 ms of audio go every 100 ms, and no piece before its time', async () => {
    const seen = await arrivals(pace(source(4_096, 4_096, 4_608), { bytesPerSecond: BYTES_PER_SECOND }));
    expect(seen.map(({ bytes }) => bytes)).toEqual([3_200, 3_200, 3_200, 3_200]);
    // Timers may be late on a busy machine, never early.
    for (const [index, { atMs }] of seen.entries()) expect(atMs).toBeGreaterThanOrEqual(index * 100 - 2);
  });

  it('goes as many times faster as it is told', async () => {
    const [last] = (await arrivals(pace(source(64_000), { bytesPerSecond: BYTES_PER_SECOND, speed: 20 }))).slice(-1);
    expect(last!.atMs).toBeGreaterThanOrEqual(95 - 2);
    expect(last!.atMs).toBeLessThan(1_900);
  });

  it('lets everything go at once at infinite speed', async () => {
    const seen = await arrivals(
      pace(source(3_200_000), { bytesPerSecond: BYTES_PER_SECOND, speed: Number.POSITIVE_INFINITY }),
    );
    expect(seen).toHaveLength(1_000);
    expect(seen.at(-1)!.atMs).toBeLessThan(5_000);
  });

  it('does not drift: a receiver that is slow once is not late for ever', async () => {
    const chunks = pace(source(16_000), { bytesPerSecond: BYTES_PER_SECOND, chunkMs: 50 });
    const seen = await arrivals(chunks, async index => {
      if (index === 1) await busy(180);
    });
    // Ten pieces of 50 ms: the last is due at 450 ms. Adding waits up would make it 630 ms at least.
    expect(seen).toHaveLength(10);
    expect(seen.at(-1)!.atMs).toBeLessThan(610);
    expect(seen[3]!.atMs - seen[2]!.atMs).toBeLessThan(45); // catching up goes at once
  });

  it('keeps frames whole where 100 ms are no whole number of them', async () => {
    const seen = await arrivals(
      pace(source(9_000), { bytesPerSecond: 11_025 * 2, frameBytes: 2, speed: Number.POSITIVE_INFINITY }),
    );
    expect(seen[0]!.bytes % 2).toBe(0);
    expect(seen.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(9_000);
  });

  it('ends where it is aborted, without waiting', async () => {
    const abort = new AbortController();
    const startedAt = performance.now();
    const seen = await arrivals(
      pace(source(320_000), { bytesPerSecond: BYTES_PER_SECOND, abortSignal: abort.signal }),
      async () => abort.abort(),
    );
    expect(seen).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('inPieces', () => {
  it.each([
    [[1, 1, 1, 1, 1], 2, [2, 2, 1]],
    [[7], 3, [3, 3, 1]],
    [[2, 5, 2], 3, [3, 3, 3]],
    [[10], 100, [10]],
    [[], 4, []],
    [[4, 0, 4], 4, [4, 4]],
  ])('cuts %j into pieces of %i', async (lengths, length, expected) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of inPieces(source(...lengths), length)) pieces.push(piece);
    expect(pieces.map(piece => piece.length)).toEqual(expected);
    const whole = Buffer.concat(pieces);
    expect([...whole]).toEqual(Array.from({ length: whole.length }, (_, index) => index % 256));
  });

  it('copies nothing but what spans two chunks', async () => {
    const chunk = new Uint8Array(10);
    async function* once() {
      yield chunk;
    }
    for await (const piece of inPieces(once(), 5)) expect(piece.buffer).toBe(chunk.buffer);
  });
});
