import { ListenStreams, type SessionStream } from '../../lib/gateway/deepgram/listen-streams';

const PCM = { encoding: 'linear16', sampleRate: 1_000 } as const;
const LOUD = Buffer.alloc(200, Buffer.from([0, 0x20])); // 100 ms
const QUIET = Buffer.alloc(600); // 300 ms: a pause

/** A stream that counts. */
class Ear implements SessionStream {
  heard = 0;
  state: 'open' | 'finished' | 'aborted' = 'open';
  rests = true;
  readonly pauses: number[] = [];

  async send(audio: Uint8Array): Promise<void> {
    this.heard += audio.length;
  }

  async finish(): Promise<void> {
    this.state = 'finished';
  }

  abort(): void {
    this.state = 'aborted';
  }

  isAtRest(pauseSeconds: number): boolean {
    this.pauses.push(pauseSeconds);
    return this.rests;
  }
}

/** Streams that hand over as soon as they may; `failing` is the number of an open that fails. */
async function start(failing = Number.NaN) {
  const ears: Ear[] = [];
  let opens = 0;
  const open = async (): Promise<Ear> => {
    opens += 1;
    if (opens === failing) throw new Error('throttled');
    ears.push(new Ear());
    return ears.at(-1)!;
  };
  return { streams: await ListenStreams.open(open, PCM, 0), ears };
}

test('changes at a pause: the next stream is open first, the old one is asked for its rest', async () => {
  const { streams, ears } = await start();
  await streams.send(LOUD);
  expect(ears.map(({ state }) => state)).toEqual(['open', 'open']);
  await streams.send(QUIET);
  await streams.send(LOUD);
  expect(ears.map(({ state, heard }) => [state, heard])).toEqual([
    ['finished', LOUD.length + QUIET.length],
    ['open', LOUD.length],
    ['open', 0],
  ]);
  expect([...streams.segments()].map(({ offsetSeconds }) => offsetSeconds)).toEqual([0, 0.4]);
});

test('waits until the model is at rest, too', async () => {
  const { streams, ears } = await start();
  ears[0]!.rests = false;
  await streams.send(LOUD);
  await streams.send(QUIET);
  expect([streams.handOvers, ears[0]!.pauses]).toEqual([0, [expect.closeTo(0.1)]]);
  ears[0]!.rests = true;
  await streams.send(QUIET);
  expect(streams.handOvers).toBe(1);
});

test('a sample is not cut in two', async () => {
  const { streams, ears } = await start();
  for (const bytes of [601, 201, 398]) await streams.send(Buffer.alloc(bytes));
  expect(streams.handOvers).toBeGreaterThan(0);
  for (const { heard } of ears) expect(heard % 2).toBe(0);
  expect(ears.reduce((sum, { heard }) => sum + heard, 0)).toBe(1_200);
});

test('a stream that could not be opened is opened again for the next pause', async () => {
  const { streams } = await start(2);
  await streams.send(QUIET);
  expect(streams.handOvers).toBe(0);
  await streams.send(QUIET);
  expect(streams.handOvers).toBe(1);
});

test('the end drops the stream that waits, and no change comes any more', async () => {
  const { streams, ears } = await start();
  await streams.send(LOUD);
  streams.end();
  await streams.send(QUIET);
  expect(ears.map(({ state }) => state)).toEqual(['open', 'aborted']);
});
