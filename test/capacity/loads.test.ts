import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EchoLoad } from '../../lib/capacity/echo-load';
import { estimateLoad } from '../../lib/capacity/estimate';
import { ListenLoad } from '../../lib/capacity/listen-load';
import { LoadGenerator } from '../../lib/capacity/load-generator';
import { loadProtocol } from '../../lib/capacity/load-plan';
import type { LoadProtocol, LoadSession } from '../../lib/capacity/load-protocol';
import { type LoadStatistics, percentilesMs } from '../../lib/capacity/load-statistics';
import { RealtimeLoad } from '../../lib/capacity/realtime-load';
import { vllmDialect } from '../../lib/speech/models/vllm';

/** A session whose answers a test writes. */
class ScriptedSession implements LoadSession {
  readonly sent: (string | Uint8Array)[] = [];
  private readonly answers: (string | Uint8Array)[] = [];
  private ended = false;
  private wake = () => {};

  constructor(
    private readonly onSend: (message: string | Uint8Array, session: ScriptedSession) => void | Promise<void>,
  ) {}

  answer(message: string | Uint8Array): void {
    this.answers.push(message);
    this.wake();
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  async send(message: string | Uint8Array): Promise<void> {
    this.sent.push(typeof message === 'string' ? message : Buffer.from(message));
    await this.onSend(message, this);
  }

  async close(): Promise<void> {
    this.end();
  }

  abort(): void {
    this.end();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      const next = this.answers.shift();
      if (next !== undefined) yield next;
      else if (this.ended) return;
      else
        await new Promise<void>(resolve => {
          this.wake = resolve;
        });
    }
  }
}

/** One session of a load for a while: the tests wait for that, so they run beside each other. */
async function hold(protocol: LoadProtocol, session: ScriptedSession, ms: number): Promise<LoadStatistics> {
  let opens = 0;
  const generator = new LoadGenerator({
    open: async () => (opens++ === 0 ? session : new ScriptedSession(() => {})),
    protocol,
    opensPerSecond: 1_000,
    maxLagMs: 100,
  });
  generator.setSessions(1);
  await sleep(ms);
  const statistics = generator.collect();
  await generator.stop();
  return statistics;
}

describe('an echo load', () => {
  const load = new EchoLoad({ messageBytes: 16, intervalMs: 20 });

  test.concurrent('counts the lag from when a message was due, also while nobody can send', async () => {
    // The first send is held up for 400 ms: what was due meanwhile has waited up to that long.
    let first = true;
    const statistics = await hold(
      load,
      new ScriptedSession(async (message, session) => {
        if (first) {
          first = false;
          await sleep(400);
        }
        session.answer(Buffer.from(message as Uint8Array));
      }),
      700,
    );
    const { p50, max } = percentilesMs(statistics.lag);
    expect(max).toBeGreaterThan(350);
    // Some twenty of the thirty messages fell due in those 400 ms; a closed loop would have seen one slow answer.
    expect(p50).toBeGreaterThan(50);
    expect(statistics.sentMessages).toBeGreaterThan(20);
  });

  test.concurrent.each<[string, (message: Uint8Array) => string | Uint8Array]>([
    ['text', () => 'text'],
    ['another length', message => message.subarray(1)],
    ['another message', () => Buffer.alloc(16, 0xff)],
  ])('does not take %s for its echo', async (_, answer) => {
    const statistics = await hold(
      load,
      new ScriptedSession((message, session) => session.answer(answer(Buffer.from(message as Uint8Array)))),
      150,
    );
    expect(statistics.errors).toEqual({ EchoMismatch: 1 });
  });

  test.concurrent('takes an end that nobody asked for as an error', async () => {
    const statistics = await hold(load, new ScriptedSession((_, session) => session.end()), 150);
    expect(statistics.errors).toEqual({ EchoMismatch: 1 });
  });

  test.concurrent('a silent session counts as stalled, with the age of what it waits for', async () => {
    const statistics = await hold(load, new ScriptedSession(() => {}), 400);
    expect(statistics).toMatchObject({ stalled: 1, receivedMessages: 0 });
    expect(percentilesMs(statistics.lag).max).toBeGreaterThan(200);
  });
});

describe('a listen load', () => {
  const target = { modelInvocationPath: 'v1/listen' };
  const load = new ListenLoad({
    target,
    samples: Buffer.alloc(8_000, 1),
    bytesPerSecond: 32_000,
    closeMessage: '{"type":"CloseStream"}',
  });

  test.concurrent("counts the lag by the audio's own clock, repeats the recording and ends as Deepgram asks", async () => {
    let bytes = 0;
    const session = new ScriptedSession((message, session) => {
      if (typeof message === 'string') return session.end();
      bytes += message.length;
      const seconds = bytes / 32_000;
      setTimeout(() => session.answer(JSON.stringify({ type: 'Results', start: 0, duration: seconds })), 150);
    });
    const statistics = await hold(load, session, 900);
    const { p50 } = percentilesMs(statistics.lag);
    expect(p50).toBeGreaterThan(140);
    expect(p50).toBeLessThan(400);
    expect(statistics.errors).toEqual({});
    expect(session.sent.at(-1)).toBe('{"type":"CloseStream"}');
    // 100 ms of audio each, 250 ms of recording: the third piece is what is left of it.
    expect(session.sent.slice(0, 4).map(message => message.length)).toEqual([3_200, 3_200, 1_600, 3_200]);
  });

  test.concurrent('understands the turns of Flux, and passes over messages that cover no audio', async () => {
    const session = new ScriptedSession((message, session) => {
      if (typeof message === 'string') return session.end();
      session.answer('{"type":"Connected"}');
      session.answer('{"type":"TurnInfo","audio_window_end":0.05}');
    });
    const statistics = await hold(load, session, 250);
    expect(statistics.receivedMessages).toBeGreaterThan(0);
    expect(statistics.receivedMessages).toBe(statistics.sentMessages);
  });
});

describe('a plan', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'load-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('of a script loads its default export, its `load`, or what it is', async () => {
    for (const [name, source] of [
      ['default', 'exports.default = { run: async () => {}, target: { modelInvocationPath: "x" } }'],
      ['load', 'exports.load = { run: async () => {} }'],
      ['module', 'module.exports = { run: async () => {} }'],
    ] as const) {
      const file = join(directory, `${name}.js`);
      writeFileSync(file, source);
      expect((await loadProtocol({ kind: 'script', file })).run).toBeInstanceOf(Function);
    }
  });

  test.each([
    ['exports nothing to run', 'exports.run = 3', 'exports no load'],
    ['does not load', 'throw new Error("broken")', 'could not be loaded'],
  ])('of a script that %s is refused', async (name, source, what) => {
    const file = join(directory, `${name.replaceAll(' ', '-')}.js`);
    writeFileSync(file, source);
    await expect(loadProtocol({ kind: 'script', file })).rejects.toMatchObject({
      name: 'LoadPlanError',
      what: expect.stringContaining(what),
    });
  });

  test('of a recording opens the path of its model with the coding of the file', async () => {
    const file = join(__dirname, '../../examples/sample.wav');
    const protocol = await loadProtocol({ kind: 'listen', file, query: 'model=nova-3&language=en' });
    expect(protocol.target).toEqual({
      modelInvocationPath: 'v1/listen',
      modelQueryString: expect.stringMatching(
        /^interim_results=true&model=nova-3&language=en&encoding=linear16&sample_rate=\d+$/,
      ),
    });
    const quiet = await loadProtocol({ kind: 'listen', file, query: 'model=nova-3&language=en&interim_results=false' });
    expect(quiet.target!.modelQueryString).toContain('interim_results=false');
    const flux = await loadProtocol({ kind: 'listen', file, query: 'model=flux-general-en' });
    expect(flux.target).toEqual({
      modelInvocationPath: 'v2/listen',
      modelQueryString: expect.not.stringContaining('interim'),
    });
    await expect(loadProtocol({ kind: 'listen', file, query: 'model=flux-general-en&language=en' })).rejects.toThrow(
      'language',
    );
  });
});

test('an estimate is the most that a measurement can come to', () => {
  expect(estimateLoad([10, 20], { hold: 50, settle: 9, openRate: 10 })).toEqual({
    maxSessions: 20,
    minutes: (60 + 61) / 60,
    sessionHours: (10 * 60 + 20 * 61) / 3_600,
  });
  const search = estimateLoad({ start: 4, max: 64, resolution: 0.05 }, { hold: 20, settle: 2, openRate: 20 });
  expect(search.maxSessions).toBe(64);
  expect(search.minutes).toBeGreaterThan(3);
});

describe('a realtime load', () => {
  const loadOptions = {
    dialect: () => vllmDialect('tiny'),
    samples: Buffer.alloc(8_000, 1),
    bytesPerSecond: 32_000,
    secondsPerPartial: 0.08,
  };
  const load = new RealtimeLoad(loadOptions);
  const delta = JSON.stringify({ type: 'transcription.delta', delta: '' });
  const done = JSON.stringify({ type: 'transcription.done', text: '', usage: {} });

  test.concurrent('counts the lag of words after their audio, and ends when the model says so', async () => {
    const session = new ScriptedSession((message, session) => {
      const { type, final } = JSON.parse(message as string);
      if (type === 'input_audio_buffer.append') setTimeout(() => session.answer(delta), 150);
      if (final) session.answer(done);
    });
    const statistics = await hold(load, session, 700);
    expect(statistics.errors).toEqual({});
    // A token is 80 ms of the 100 ms that were sent, so the lag is what the model takes and grows by 20 ms a token.
    expect(percentilesMs(statistics.lag).p50).toBeGreaterThan(130);
    expect(session.sent.slice(0, 2).map(text => JSON.parse(text as string).type)).toEqual([
      'session.update',
      'input_audio_buffer.commit',
    ]);
    expect(JSON.parse(session.sent.at(-1) as string)).toEqual({ type: 'input_audio_buffer.commit', final: true });
  });

  test.concurrent.each<[string, string, string]>([
    ['an error of the model', JSON.stringify({ type: 'error', error: 'no', code: 'model_not_found' }), 'ModelError'],
    ['an end before the audio ends', done, 'StreamEnded'],
  ])('takes %s as an error of the session', async (_, answer, name) => {
    const statistics = await hold(load, new ScriptedSession((_, session) => session.answer(answer)), 250);
    expect(Object.keys(statistics.errors)).toEqual([name]);
  });

  test.concurrent('a session that waits for a place counts as stalled', async () => {
    const patient = new RealtimeLoad({ ...loadOptions, answerIntervalMs: 100 });
    expect((await hold(patient, new ScriptedSession(() => {}), 500)).stalled).toBe(1);
  });
});
