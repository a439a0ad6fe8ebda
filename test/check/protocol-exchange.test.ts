import { join } from 'node:path';
import { PROTOCOLS } from '../../bin/commands/check';
import { CHECK_PROTOCOLS, checkContainer, protocolExchange } from '../../lib/check/live';
import { TYPESCRIPT } from '../typescript-process';
import { spawnContainer } from './spawned-container';

const SMALL = {
  clock: 1,
  limits: { replyMs: 2_000, stopMs: 8_000, holdMs: 100, sessionMs: 300, webSocketPingMs: 100, meteringMs: 300 },
  load: { burst: 6, sessions: 3, busySessions: 2 },
};

/** The same messages without the pauses of real time. */
function atOnce(exchange: ReturnType<typeof protocolExchange>): ReturnType<typeof protocolExchange> {
  return { ...exchange, send: exchange.send.map(message => ({ ...message, intervalMs: 0 })) };
}

async function caught(
  start: Parameters<typeof checkContainer>[0]['start'],
  exchange: ReturnType<typeof protocolExchange>,
) {
  const findings = await checkContainer({ ...SMALL, start, exchange: atOnce(exchange) });
  return {
    verdicts: new Map(findings.map(({ name, verdict }) => [name, verdict])),
    faults: findings
      .filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
      .map(({ name, verdict, seen }) => `${verdict} ${name}: ${seen}`),
  };
}

test('the command knows every protocol', () => {
  expect(PROTOCOLS).toEqual(CHECK_PROTOCOLS);
});

describe.each([
  ['vllm', 'tiny', 'transcription.done'],
  ['vllm-omni', undefined, 'session.done'],
  ['nim', undefined, 'conversation.item.input_audio_transcription.completed'],
] as const)('an exchange of %s', (protocol, model, last) => {
  const fake = (environment = {}) =>
    spawnContainer([process.execPath, 'fake-models.js'], join(__dirname, 'protocols'), {
      PROTOCOL: protocol,
      ...environment,
    });

  test.concurrent('is played to a model that keeps the order of its events', async () => {
    const { verdicts, faults } = await caught(() => fake(), protocolExchange(protocol, model));
    expect(faults).toEqual([expect.stringMatching(/^warn open-default-path: accepted on \//)]);
    for (const name of ['exchange', 'fragments-in', 'half-close', 'concurrent-sessions', 'ping-under-load']) {
      expect([name, verdicts.get(name)]).toEqual([name, 'pass']);
    }
  });

  test.concurrent('fails once where the last event is missing', async () => {
    const exchange = { ...protocolExchange(protocol, model), timeoutMs: 500 };
    const { verdicts, faults } = await caught(() => fake({ BROKEN: last }), exchange);
    expect(faults.filter(fault => fault.startsWith('fail'))).toEqual([
      expect.stringMatching(
        /^fail exchange: expectation \d of \d was not met: the last message was .*, within 500 ms$/,
      ),
    ]);
    expect(verdicts.get('concurrent-sessions')).toBe('skip');
  });
});

test('an exchange of deepgram is played to the simulator, whose end is the final Metadata', async () => {
  const directory = join(__dirname, '..', '..', 'container', 'speech-simulator');
  const { verdicts, faults } = await caught(
    () => spawnContainer([process.execPath, ...TYPESCRIPT, 'src/server.ts'], directory),
    protocolExchange('deepgram'),
  );
  expect(faults.filter(fault => !fault.startsWith('warn open-default-path'))).toEqual([]);
  expect(verdicts.get('exchange')).toBe('pass');
});
