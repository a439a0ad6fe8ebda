import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type CheckContainerOptions, checkContainer, ExchangeFileError, readExchange } from '../../lib/check/live';
import type { RunningContainer } from '../../lib/contract';
import { countVerdicts, type Finding } from '../../lib/report/finding';
import { TYPESCRIPT } from '../typescript-process';
import { spawnContainer } from './spawned-container';
import { mkdtempDisposable } from './temporary-directory';

const SMALL: Pick<CheckContainerOptions, 'clock' | 'limits' | 'load'> = {
  clock: 1,
  limits: {
    acceptMs: 2_000,
    replyMs: 1_500,
    stopMs: 8_000,
    holdMs: 100,
    sessionMs: 400,
    webSocketPingMs: 50,
    stallMs: 300,
  },
  load: { burst: 40, sessions: 20, busySessions: 8, slowReaderBytes: 48 * 1024 * 1024 },
};

/** For a container that passes: it answers before any of these has passed, on a busy machine too. */
const SOUND: typeof SMALL = {
  ...SMALL,
  limits: { ...SMALL.limits, pingMs: 15_000, acceptMs: 15_000, replyMs: 15_000, stopMs: 30_000 },
};

/** What is in doubt, as `check: what was seen`. */
const doubtsOf = (findings: readonly Finding[]) =>
  findings
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'warn')
    .map(({ name, seen }) => `${name}: ${seen}`);

function verdictOf(findings: readonly Finding[], name: string): Finding {
  const found = findings.find(finding => finding.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

const transcriber = () => spawnContainer([process.execPath, 'transcriber.js'], __dirname);

test.concurrent('the echo container passes everything', async () => {
  const directory = join(__dirname, '..', '..', 'container', 'echo');
  const findings = await checkContainer({
    ...SOUND,
    start: () => spawnContainer([process.execPath, ...TYPESCRIPT, 'src/server.ts'], directory),
  });
  expect(findings.filter(finding => finding.verdict !== 'pass').map(({ name, seen }) => `${name}: ${seen}`)).toEqual([
    expect.stringMatching(/^metering: not offered/),
  ]);
});

describe('a container that is not an echo', () => {
  test.concurrent('is checked without a known reply as far as that goes', async () => {
    const findings = await checkContainer({
      ...SMALL,
      start: transcriber,
      path: 'v1/listen',
      query: 'model=nova-3',
    });
    expect(findings.filter(finding => finding.verdict === 'fail')).toEqual([]);
    expect(verdictOf(findings, 'pong').verdict).toBe('pass');
    expect(verdictOf(findings, 'session-cap').verdict).toBe('pass');
    expect(verdictOf(findings, 'abrupt-disconnect').verdict).toBe('pass');
    expect(verdictOf(findings, 'text-message').seen).toMatch(/needs a container that echoes/);
    expect(verdictOf(findings, 'concurrent-sessions').seen).toMatch(/--exchange/);
    expect(verdictOf(findings, 'open-default-path')).toMatchObject({
      verdict: 'warn',
      next: expect.stringContaining("modelInvocationPath: 'v1/listen'"),
    });
  });

  test.concurrent('is checked with what an exchange says', async () => {
    using directory = mkdtempDisposable();
    const file = join(directory.path, 'listen.json');
    writeFileSync(join(directory.path, 'speech.raw'), Buffer.alloc(1_000));
    const exchange = {
      path: 'v1/listen',
      query: 'model=nova-3',
      send: [{ file: 'speech.raw', partBytes: 300 }, { json: { type: 'Finalize' } }],
      expect: [{ type: 'text', matches: 'Results', json: { type: 'Results', bytes: 1_000 } }],
    };
    writeFileSync(file, JSON.stringify(exchange));
    const findings = await checkContainer({ ...SMALL, start: transcriber, exchange: readExchange(file) });
    expect(findings.filter(finding => finding.verdict === 'fail')).toEqual([]);
    for (const name of ['exchange', 'fragments-in', 'concurrent-sessions', 'ping-under-load', 'pong-under-load']) {
      expect(verdictOf(findings, name)).toMatchObject({ name, verdict: 'pass' });
    }

    writeFileSync(file, JSON.stringify({ ...exchange, expect: [{ json: { bytes: 999 } }] }));
    const limits = { ...SMALL.limits, replyMs: 400 };
    const wrong = await checkContainer({ ...SMALL, limits, start: transcriber, exchange: readExchange(file) });
    expect(verdictOf(wrong, 'exchange')).toMatchObject({
      verdict: 'fail',
      seen: 'expectation 1 of 1 was not met: the last message was {"type":"Results","is_final":true,"bytes":1000}, within 400 ms',
    });
  });

  test('an exchange tells all its faults at once', () => {
    using directory = mkdtempDisposable();
    const file = join(directory.path, 'exchange.json');
    writeFileSync(
      file,
      JSON.stringify({
        path: '/v1',
        send: [{ text: 'a', json: 1 }, { file: 'absent' }],
        expect: [{}, { matches: '(' }],
      }),
    );
    expect(() => readExchange(file)).toThrow(ExchangeFileError);
    expect(() => readExchange(file)).toThrow(
      /leading slash.*Message 1: .*exactly one.*Message 2: .*ENOENT.*Expectation 1: .*at least one.*Expectation 2: .*regular expression/s,
    );
    expect(() => readExchange(join(directory.path, 'absent.json'))).toThrow(ExchangeFileError);
  });
});

describe('a container that runs already', () => {
  let container: RunningContainer;
  beforeAll(async () => {
    container = await spawnContainer([process.execPath, 'sound.js'], join(__dirname, 'broken'));
    const url = `http://${container.host}:${container.port}/ping`;
    while (!(await fetch(url).catch(() => undefined))?.ok) await new Promise(resolve => setTimeout(resolve, 50));
  });
  afterAll(() => container.stop());

  test('is checked by its URL and left running', async () => {
    const findings = await checkContainer({ ...SOUND, url: `ws://${container.host}:${container.port}` });
    const skipped = findings.filter(finding => finding.verdict === 'skip').map(finding => finding.name);
    expect(skipped).toEqual(['start', 'listen-address', 'ping-while-loading', 'ready-at-first-ping', 'sigterm']);
    expect(doubtsOf(findings)).toEqual([]);
    expect((await fetch(`http://${container.host}:${container.port}/ping`)).status).toBe(200);
  });

  test('takes path and query string from the URL', async () => {
    const findings = await checkContainer({ ...SMALL, url: `ws://${container.host}:${container.port}/v1/absent?a=b` });
    expect(verdictOf(findings, 'open-default-path')).toMatchObject({
      verdict: 'fail',
      seen: expect.stringMatching(/404/),
    });
    expect(verdictOf(findings, 'pong')).toMatchObject({ verdict: 'skip' });
  });
});

test.concurrent('nothing that answers fails without a wait for each check', async () => {
  const findings = await checkContainer({ ...SMALL, url: 'ws://127.0.0.1:9' });
  expect(verdictOf(findings, 'ping-get')).toMatchObject({
    verdict: 'fail',
    seen: expect.stringContaining('ECONNREFUSED'),
  });
  expect(verdictOf(findings, 'open-default-path').verdict).toBe('fail');
  expect(countVerdicts(findings).pass).toBe(0);
});

test.concurrent('something else that listens is told apart from a slow container', async () => {
  const server: Server = createServer((_request, response) => response.writeHead(401).end());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const findings = await checkContainer({ ...SMALL, url: `ws://127.0.0.1:${port}` });
    expect(verdictOf(findings, 'ping-get')).toMatchObject({ verdict: 'fail', seen: 'GET /ping answered 401' });
    expect(verdictOf(findings, 'open-default-path').seen).toBe('the upgrade was refused with 401');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.concurrent('a run that is ended early leaves no container behind', async () => {
  const abort = new AbortController();
  let container: RunningContainer | undefined;
  const findings = await checkContainer({
    ...SMALL,
    limits: { ...SMALL.limits, sessionMs: 60_000 },
    start: async () => {
      container = await spawnContainer([process.execPath, 'sound.js'], join(__dirname, 'broken'));
      return container;
    },
    onProgress: ({ check }) => {
      if (check === 'session-cap') setTimeout(() => abort.abort(), 100);
    },
    abortSignal: abort.signal,
  });
  for (const name of ['session-cap', 'sigterm']) {
    expect(verdictOf(findings, name)).toMatchObject({ verdict: 'skip', seen: 'the run was ended early' });
  }
  expect((await container!.exited).signal).toBe('SIGKILL');
  await expect(
    new Promise((resolve, reject) =>
      connect(container!.port, container!.host).on('connect', resolve).on('error', reject),
    ),
  ).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('how many sessions a container holds', () => {
  const limited = (limit: number) =>
    spawnContainer([process.execPath, 'limited.js'], __dirname, { SESSION_LIMIT: String(limit) });

  test.concurrent('is no breach, and the other checks keep to it', async () => {
    const findings = await checkContainer({ ...SMALL, start: () => limited(15) });
    expect(doubtsOf(findings)).toEqual([]);
    expect(verdictOf(findings, 'sessions-at-once').seen).toMatch(
      /^15 of 20 at once: .*refused with 503; a limit of its own/,
    );
    expect(verdictOf(findings, 'concurrent-sessions').seen).toMatch(/^15 sessions/);
  });

  test.concurrent('fails where it was said to be more', async () => {
    const findings = await checkContainer({ ...SMALL, start: () => limited(3), sessions: 6 });
    expect(doubtsOf(findings)).toEqual([
      expect.stringMatching(/^sessions-at-once: 3 of 6 at once: .*; --sessions says 6$/),
    ]);
  });

  test.concurrent('may be one, where that is said', async () => {
    const findings = await checkContainer({ ...SMALL, start: () => limited(1), sessions: 1 });
    expect(doubtsOf(findings)).toEqual([]);
    expect(verdictOf(findings, 'sessions-at-once').seen).toBe('1 at once, each of them answered');
  });
});

test.concurrent('a container that exits of a message fails a check of advice too', async () => {
  const findings = await checkContainer({
    ...SMALL,
    start: () => spawnContainer([process.execPath, 'dies-of-unknown-message.js'], join(__dirname, 'broken')),
  });
  expect(verdictOf(findings, 'unknown-message')).toMatchObject({ verdict: 'fail' });
});
