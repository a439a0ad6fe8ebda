import { ClientLimiter } from '../../lib/gateway/limits';

function limiter(limits: Partial<{ sessions: number; sessionsPerClient: number; opensPerSecond: number }>) {
  let now = 0;
  const counted = new ClientLimiter(
    { sessions: 100, sessionsPerClient: 100, opensPerSecond: 100, ...limits },
    () => now,
  );
  return {
    counted,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

test('bounds the sessions of all clients', () => {
  const { counted } = limiter({ sessions: 2 });
  expect(['a', 'b', 'c'].map(client => counted.admit(client))).toEqual([undefined, undefined, 'sessions']);
  counted.release('a');
  expect(counted.admit('c')).toBeUndefined();
  expect(counted.openSessions).toBe(2);
});

test('bounds the sessions of one client', () => {
  const { counted } = limiter({ sessionsPerClient: 1 });
  expect([counted.admit('a'), counted.admit('a'), counted.admit('b')]).toEqual([
    undefined,
    'sessionsPerClient',
    undefined,
  ]);
});

test('takes a burst of ten seconds of opens, and then the rate', () => {
  const { counted, pass } = limiter({ opensPerSecond: 2 });
  for (let open = 0; open < 20; open += 1) expect(counted.admit('a')).toBeUndefined();
  expect(counted.admit('a')).toBe('opensPerSecond');
  pass(500);
  expect([counted.admit('a'), counted.admit('a')]).toEqual([undefined, 'opensPerSecond']);
});

test('a release without an open session counts nothing', () => {
  const { counted } = limiter({});
  counted.release('a');
  expect(counted.openSessions).toBe(0);
});

test('forgets the oldest idle clients, never one with a session', () => {
  const { counted } = limiter({ sessions: 1_000_000, opensPerSecond: 0.1 });
  counted.admit('open');
  for (let client = 0; client < 11_000; client += 1) {
    counted.admit(`c${client}`);
    counted.release(`c${client}`);
  }
  expect(counted.admit('c10999')).toBe('opensPerSecond'); // remembered: its one open is spent
  counted.release('open');
  expect(counted.openSessions).toBe(0);
});
