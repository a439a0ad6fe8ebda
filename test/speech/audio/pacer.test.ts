import { inPieces, pace } from '../../../lib/speech/audio';

const BYTES_PER_SECOND = 32_000;

async function* source(...lengths: number[]): AsyncGenerator<Uint8Array> {
  let value = 0;
  for (const length of lengths) yield Uint8Array.from({ length }, () => value++);
}

/** The clock that `pace` reads and waits on, for a machine that is never late. */
let nowMs = 0;

jest.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number, _value: undefined, { signal }: { signal?: AbortSignal }) => {
    signal?.throwIfAborted();
    nowMs += ms;
  },
}));

async function arrivals(chunks: AsyncIterable<Uint8Array>, each?: (index: number) => void) {
  const startedAt = nowMs;
  const seen: { atMs: number; bytes: number }[] = [];
  for await (const chunk of chunks) {
    seen.push({ atMs: Math.round(nowMs - startedAt), bytes: chunk.length });
    each?.(seen.length - 1);
  }
  return seen;
}

const timesOf = (seen: readonly { atMs: number }[]) => seen.map(({ atMs }) => atMs);

describe('pace', () => {
  beforeEach(() => {
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => jest.restoreAllMocks());

  it('lets 100 ms of audio go every 100 ms, and no piece before its time', async () => {
    const seen = await arrivals(pace(source(4_096, 4_096, 4_608), { bytesPerSecond: BYTES_PER_SECOND }));
    expect(seen.map(({ bytes }) => bytes)).toEqual([3_200, 3_200, 3_200, 3_200]);
    expect(timesOf(seen)).toEqual([0, 100, 200, 300]);
  });

  it('goes as many times faster as it is told', async () => {
    const seen = await arrivals(pace(source(64_000), { bytesPerSecond: BYTES_PER_SECOND, speed: 20 }));
    expect(timesOf(seen)).toEqual(Array.from({ length: 20 }, (_, index) => index * 5));
  });

  it('lets everything go at once at infinite speed', async () => {
    const seen = await arrivals(
      pace(source(3_200_000), { bytesPerSecond: BYTES_PER_SECOND, speed: Number.POSITIVE_INFINITY }),
    );
    expect(timesOf(seen)).toEqual(Array(1_000).fill(0));
  });

  it('does not drift: a receiver that is slow once is not late for ever', async () => {
    const chunks = pace(source(16_000), { bytesPerSecond: BYTES_PER_SECOND, chunkMs: 50 });
    const seen = await arrivals(chunks, index => {
      if (index === 1) nowMs += 180;
    });
    // What fell due meanwhile goes at once; then the schedule is met again.
    expect(timesOf(seen)).toEqual([0, 50, 230, 230, 230, 250, 300, 350, 400, 450]);
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
    const startedAt = nowMs;
    const seen = await arrivals(
      pace(source(320_000), { bytesPerSecond: BYTES_PER_SECOND, abortSignal: abort.signal }),
      () => abort.abort(),
    );
    expect(seen).toHaveLength(1);
    expect(nowMs).toBe(startedAt);
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
