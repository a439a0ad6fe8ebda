import { liveLimits } from '../../lib/check/live/limits';
import { LiveContext } from '../../lib/check/live/live-context';
import { ProbeError } from '../../lib/check/live/probe-error';
import type { PingAnswer } from '../../lib/check/live/probe-ping';
import { followStartup, STARTUP_RULES } from '../../lib/check/live/startup';
import type { RunningContainer } from '../../lib/contract';

const CONTAINER: RunningContainer = {
  host: '127.0.0.2',
  port: 9000,
  pid: process.pid,
  exited: new Promise(() => {}),
  output: () => [],
  kill: () => {},
  stop: async () => ({ code: 0, signal: null }),
};

/** A context whose `/ping` answers by host, and knows how often it was asked before. */
class FakeContext extends LiveContext {
  readonly asked: string[] = [];

  constructor(private readonly isListening: (host: string, before: number) => boolean) {
    super({ origin: 'ws://127.0.0.2:9000' }, liveLimits(1), {
      burst: 1,
      sessions: 1,
      messages: 1,
      busySessions: 1,
      slowReaderBytes: 1,
    });
  }

  override async ping(): Promise<PingAnswer> {
    const { hostname } = new URL(this.target.origin);
    this.asked.push(hostname);
    if (this.isListening(hostname, this.asked.length - 1)) return { status: 200, bodyBytes: 0, elapsedMs: 1 };
    throw new ProbeError('refused');
  }
}

const listenAddress = async (context: LiveContext) => {
  const { findings } = await followStartup(context, CONTAINER, { isContainerPortTaken: true, onProgress: () => {} });
  return findings.find(({ name }) => name === STARTUP_RULES.LISTEN_ADDRESS.name);
};

test('a container that begins to listen between two questions is not taken for one on 127.0.0.1 alone', async () => {
  const context = new FakeContext((_host, before) => before > 0);
  expect(await listenAddress(context)).toMatchObject({ verdict: 'pass', seen: 'it answers on 127.0.0.2' });
  expect(context.asked).toEqual(['127.0.0.2', '127.0.0.1', '127.0.0.2']);
  expect(context.target.origin).toBe('ws://127.0.0.2:9000');
});

test('a container on 127.0.0.1 alone is told so, and used there', async () => {
  const context = new FakeContext(host => host === '127.0.0.1');
  expect(await listenAddress(context)).toMatchObject({
    verdict: 'fail',
    seen: expect.stringContaining('it listens on 127.0.0.1 alone'),
  });
  expect(context.target.origin).toBe('ws://127.0.0.1:9000');
});
