import { CheckProgressLine } from '../../bin/check-progress';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
afterEach(() => jest.useRealTimers());

function line(isTTY: boolean): { progress: CheckProgressLine; written: string[] } {
  const written: string[] = [];
  return { progress: new CheckProgressLine({ isTTY, columns: 80, write: text => written.push(text) }), written };
}

test('a long wait is reported where stderr is no terminal, at growing intervals', () => {
  const { progress, written } = line(false);
  progress.show('start');
  jest.advanceTimersByTime(9_000);
  expect(written).toEqual([]);
  progress.show('start', '/ping gives 503');
  jest.advanceTimersByTime(36_000);
  expect(written).toEqual([10, 20, 40].map(seconds => `start … ${seconds} s, /ping gives 503\n`));
  progress.show('ping-get');
  progress.end();
  jest.advanceTimersByTime(60_000);
  expect(written).toHaveLength(3);
});

test('a terminal shows what runs and for how long, and is left clean', () => {
  const { progress, written } = line(true);
  progress.show('start');
  jest.advanceTimersByTime(3_000);
  expect(written.at(-1)).toBe('\r\u001b[Kstart … 3 s');
  progress.end();
  expect(written.at(-1)).toBe('\r\u001b[K');
});
