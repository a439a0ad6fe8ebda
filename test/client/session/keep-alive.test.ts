import { KeepAlive } from '../../../lib/client/session/keep-alive';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('sends after silence, and only then', () => {
  const sent: unknown[] = [];
  const keepAlive = new KeepAlive({ intervalMs: 60, message: () => 'KeepAlive' }, message => sent.push(message));
  for (let index = 0; index < 8; index += 1) {
    keepAlive.noteSent();
    jest.advanceTimersByTime(20);
  }
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(39);
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(1);
  expect(sent).toEqual(['KeepAlive']);
  jest.advanceTimersByTime(120);
  expect(sent).toHaveLength(3);
  keepAlive.stop();
  jest.advanceTimersByTime(1_000);
  expect(sent).toHaveLength(3);
  expect(jest.getTimerCount()).toBe(0);
});

test('an interval without a message passes in silence', () => {
  const sent: unknown[] = [];
  const messages = [undefined, 'KeepAlive'];
  const keepAlive = new KeepAlive({ intervalMs: 10, message: () => messages.shift() }, message => sent.push(message));
  jest.advanceTimersByTime(20);
  expect(sent).toEqual(['KeepAlive']);
  keepAlive.stop();
});
