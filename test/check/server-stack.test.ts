import { LIVE_CHECKS } from '../../lib/check/live/check-container';
import { serverStack, stackAdvice } from '../../lib/check/live/server-stack';
import { STARTUP_RULES } from '../../lib/check/live/startup';

test.each<[string | undefined, string[] | undefined, string | undefined]>([
  ['uvicorn', ['python', 'server.py'], 'uvicorn'],
  ['Python/3.12 aiohttp/3.12.15', undefined, 'aiohttp'],
  ['Python/3.12 websockets/15.0.1', undefined, 'websockets'],
  ['gunicorn', undefined, 'gunicorn'],
  [undefined, ['/usr/local/bin/node', 'server.js'], 'node'],
  [undefined, ['./server.js'], 'node'],
  [undefined, ['java', '-jar', 'app.jar'], 'java'],
  [undefined, ['go', 'run', '.'], 'go'],
  [undefined, ['python3', '-m', 'uvicorn', 'app:app'], 'uvicorn'],
  [undefined, ['./server'], undefined],
  ['nginx', undefined, undefined],
])('a server header %p and the command %p are of %p', (header, command, expected) => {
  expect(serverStack(header, command)).toBe(expected);
});

test('advice is for rules that there are', () => {
  const rules = [...LIVE_CHECKS, ...Object.values(STARTUP_RULES)].map(({ name }) => name);
  const advised = rules.filter(
    rule => stackAdvice(rule, 'uvicorn') ?? stackAdvice(rule, 'go') ?? stackAdvice(rule, 'node'),
  );
  expect(advised).toEqual(expect.arrayContaining(['listen-address', 'text-message', 'sigterm', 'large-message']));
  expect(stackAdvice('sigterm', 'go')).toMatch(/signal\.NotifyContext/);
  expect(stackAdvice('sigterm', undefined)).toBeUndefined();
});
