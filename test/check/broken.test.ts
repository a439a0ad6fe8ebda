import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type CheckContainerOptions, checkContainer } from '../../lib/check/live';
import type { Finding } from '../../lib/report/finding';
import { spawnContainer } from './spawned-container';

const DIRECTORY = join(__dirname, 'broken');

/** Files of the folder that are no container. */
const SHARED = ['base', 'frames', 'metering'];

/** Short where only the probe waits, generous where the container has to keep up on a busy machine. */
const SCALE: Pick<CheckContainerOptions, 'clock' | 'limits' | 'load'> = {
  clock: 1,
  limits: {
    pingMs: 10_000,
    acceptMs: 2_000,
    replyMs: 1_000,
    stopMs: 4_000,
    holdMs: 100,
    sessionMs: 400,
    webSocketPingMs: 50,
    meteringMs: 1_300,
    stallMs: 300,
  },
  load: { burst: 24, sessions: 10, messages: 2, busySessions: 8, slowReaderBytes: 20 * 1024 * 1024 },
};

interface Flaw {
  /** Every check that fails, or warns where a value says so. All others have to pass, or be skipped because of these. */
  readonly caughtBy: Readonly<Record<string, 'fail' | 'warn'>>;
  readonly seen: RegExp;
  readonly limits?: CheckContainerOptions['limits'];
}

/** One container a flaw: what catches it, and what the check says. */
const FLAWS: Readonly<Record<string, Flaw>> = {
  'never-ready': { caughtBy: { start: 'fail' }, seen: /503 \(\d+ times\)/, limits: { startMs: 10_000 } },
  'exits-at-start': { caughtBy: { start: 'fail' }, seen: /exit code 3.*model file not found/ },
  'ping-404-while-loading': { caughtBy: { 'ping-while-loading': 'warn' }, seen: /404/ },
  'ready-too-early': { caughtBy: { 'ready-at-first-ping': 'fail' }, seen: /refused with 503; accepted \d+ ms after/ },
  'ping-with-body': { caughtBy: { 'ping-get': 'warn' }, seen: /body of 20 bytes/ },
  'ping-without-post': { caughtBy: { 'ping-post': 'warn' }, seen: /405/ },
  'ping-slow': { caughtBy: { 'ping-latency': 'fail' }, seen: /300 ms are allowed/, limits: { pingMs: 300 } },
  'ping-starved': { caughtBy: { 'ping-under-load': 'fail' }, seen: /with 8 busy sessions answered 503/ },
  'other-path-only': { caughtBy: { 'open-default-path': 'fail' }, seen: /refused with 404/ },
  'dies-of-unknown-message': {
    caughtBy: { 'unknown-message': 'fail' },
    seen: /the container ended with exit code 1; it said: SyntaxError/,
  },
  'hangs-on-other-path': {
    caughtBy: { 'open-other-path': 'warn' },
    seen: /no answer to the upgrade/,
    limits: { acceptMs: 1_500 },
  },
  'query-refused': { caughtBy: { 'open-with-query': 'warn' }, seen: /refused with 404/ },
  'unasked-subprotocol': { caughtBy: { 'open-negotiation': 'fail' }, seen: /sec-websocket-protocol: chat/ },
  'slow-accept': { caughtBy: { 'accept-time': 'fail' }, seen: /150 ms are allowed/, limits: { acceptMs: 150 } },
  'serial-accept': {
    caughtBy: { 'accept-burst': 'warn' },
    seen: /half within \d+ ms.*900 ms are allowed/,
    limits: { acceptMs: 900, replyMs: 5_000 },
  },
  'one-session': {
    caughtBy: { 'sessions-at-once': 'warn' },
    seen: /^1 of 10 at once: the upgrade was refused with 503; no other session works while one is open/,
  },
  'loopback-only': { caughtBy: { 'listen-address': 'fail' }, seen: /it listens on 127\.0\.0\.1 alone/ },
  'text-as-binary': { caughtBy: { 'text-message': 'fail' }, seen: /came back as binary/ },
  'bytes-decoded': { caughtBy: { 'binary-message': 'fail' }, seen: /256 bytes came back as 512 other ones/ },
  'every-frame-a-message': { caughtBy: { 'fragments-in': 'fail' }, seen: /text in 3 frames/ },
  'ping-breaks-fragments': { caughtBy: { 'control-in-fragments': 'fail' }, seen: /the message:/ },
  'empty-dropped': { caughtBy: { 'empty-message': 'warn' }, seen: /no reply/ },
  'small-messages-only': { caughtBy: { 'large-message': 'warn' }, seen: /closed the stream with 1009/ },
  'latin1-text': { caughtBy: { 'utf8-text': 'fail' }, seen: /in one frame/ },
  'invalid-utf8-taken': { caughtBy: { 'utf8-invalid': 'warn' }, seen: /taken for text/ },
  'dies-of-invalid-utf8': { caughtBy: { 'utf8-invalid': 'fail' }, seen: /the container ended with exit code 1/ },
  'no-pong': { caughtBy: { pong: 'fail' }, seen: /no pong within 1000 ms/ },
  'closes-on-ping': {
    caughtBy: { pong: 'fail', 'session-cap': 'warn' },
    seen: /^to a ping, the container closed the stream with 1002 \(no pings please\)/,
  },
  'pong-without-payload': { caughtBy: { pong: 'fail' }, seen: /does not carry its ping's payload/ },
  'pong-starved': { caughtBy: { 'pong-under-load': 'warn' }, seen: /no pong .* with 8 busy sessions/ },
  'close-ignored': { caughtBy: { 'close-answer': 'fail' }, seen: /no close frame within 1000 ms/ },
  'replies-lost-at-close': { caughtBy: { 'half-close': 'warn' }, seen: /0 of 10 replies/ },
  crosstalk: { caughtBy: { 'concurrent-sessions': 'fail' }, seen: /wrong on \d+/ },
  'slow-reader-buffered': { caughtBy: { 'slow-reader': 'warn' }, seen: /it took 20 MiB .* it never waited/ },
  'slow-reader-stops-all': { caughtBy: { 'slow-reader': 'warn' }, seen: /meanwhile, on another stream: no reply/ },
  'dies-of-reset': { caughtBy: { 'abrupt-disconnect': 'fail' }, seen: /the container ended with exit code 1/ },
  'short-sessions': {
    caughtBy: { 'session-cap': 'warn' },
    seen: /closed it with 1000 after \d\.\d s/,
    limits: { sessionMs: 2_000 },
  },
  'reconnect-refused': { caughtBy: { 'session-cap': 'warn' }, seen: /refused with 409/ },
  'metering-too-often': { caughtBy: { metering: 'fail' }, seen: /two within a second/ },
  'metering-without-dimension': { caughtBy: { metering: 'fail' }, seen: /one without Dimension/ },
  'metering-refused': { caughtBy: { metering: 'fail' }, seen: /declared required/ },
  'masked-frames': { caughtBy: { 'frame-format': 'fail' }, seen: /masks its frames/ },
  'continuation-with-opcode': {
    caughtBy: { 'frame-format': 'fail' },
    seen: /carries an opcode instead of continuation/,
  },
  'sigterm-ignored': { caughtBy: { sigterm: 'fail' }, seen: /was killed/, limits: { stopMs: 800 } },
  'sigterm-unhandled': { caughtBy: { sigterm: 'warn' }, seen: /no handler for SIGTERM/ },
  'streams-cut-at-sigterm': { caughtBy: { sigterm: 'warn' }, seen: /cut without a close frame/ },
};

function check(name: string): Promise<Finding[]> {
  return checkContainer({
    ...SCALE,
    limits: { ...SCALE.limits, ...FLAWS[name]?.limits },
    start: () => spawnContainer([process.execPath, `${name}.js`], DIRECTORY),
  });
}

const caughtOf = (findings: readonly Finding[]) =>
  findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
const verdictsOf = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ name, verdict }) => [name, verdict]));

describe('broken containers', () => {
  // Mostly waiting, so several at a time; not all, because a check that starves judges this machine instead.
  const AT_ONCE = 10;
  const results = new Map<string, Finding[] | Error>();

  beforeAll(async () => {
    const waiting = ['sound', ...Object.keys(FLAWS)];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
          results.set(name, await check(name).catch((error: Error) => error));
        }
      }),
    );
    // A busy machine makes a container late once, and a broken one is broken each time: what is in doubt is checked again, alone.
    for (const name of results.keys()) {
      if (!isAsExpected(name)) results.set(name, await check(name).catch((error: Error) => error));
    }
  }, 180_000);

  function isAsExpected(name: string): boolean {
    const result = results.get(name);
    if (!Array.isArray(result)) return false;
    if (name === 'sound') return result.every(({ verdict }) => verdict === 'pass');
    return isDeepStrictEqual(verdictsOf(caughtOf(result)), FLAWS[name]!.caughtBy);
  }

  function findingsOf(name: string): Finding[] {
    const result = results.get(name);
    if (result instanceof Error) throw result;
    return result ?? [];
  }

  test('every container of the folder is here', () => {
    const files = readdirSync(DIRECTORY).map(file => file.replace(/\.js$/, ''));
    expect(files.filter(file => !SHARED.includes(file)).sort()).toEqual(['sound', ...Object.keys(FLAWS)].sort());
  });

  test('a sound container passes everything', () => {
    expect(findingsOf('sound').filter(finding => finding.verdict !== 'pass')).toEqual([]);
    expect(findingsOf('sound').length).toBeGreaterThan(30);
  });

  test('every check catches at least one of them', () => {
    const catching = new Set(Object.values(FLAWS).flatMap(fault => Object.keys(fault.caughtBy)));
    expect([...catching].sort()).toEqual(
      findingsOf('sound')
        .map(finding => finding.name)
        .sort(),
    );
  });

  test.each(Object.entries(FLAWS))('%s is caught, and nothing else', (name, { caughtBy, seen }) => {
    const caught = caughtOf(findingsOf(name));
    expect(verdictsOf(caught)).toEqual(caughtBy);
    expect(caught[0]?.seen).toMatch(seen);
    expect(caught[0]?.next).toBeTruthy();
  });
});
