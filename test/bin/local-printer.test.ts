import { LocalPrinter } from '../../bin/local-printer';
import type { LocalEvent, SessionSummary } from '../../lib/local';

// Node colours by what stands behind the process, which a test has no say in.
jest.mock('node:util', () => ({
  ...jest.requireActual<typeof import('node:util')>('node:util'),
  styleText: (style: string, text: string) => `<${style}>${text}`,
}));

const SESSION: SessionSummary = {
  endpoint: 'speech',
  variant: 'AllTraffic',
  instance: 0,
  requestId: 'id',
  path: '/v1/listen',
  durationMs: 10,
  firstResponseMs: 5,
  received: { events: 1, bytes: 1 },
  sent: { events: 1, bytes: 1 },
  outcome: 'ended',
  message: undefined,
  metering: {},
  droppedMeteringRecords: 0,
};

function printed(summary: Partial<SessionSummary>): string {
  let text = '';
  const output = {
    isTTY: true,
    write: (piece: string) => {
      text += piece;
    },
  };
  new LocalPrinter(output, output).print({ type: 'session-ended', session: { ...SESSION, ...summary } });
  return text;
}

const closed = (code: string) => ({
  outcome: 'ModelStreamError',
  message: `The model container closed the WebSocket with code ${code}`,
});

test('a model that closes normally ended the session; any other close is a failure', () => {
  expect(printed({})).toContain('<green>ended');
  expect(printed(closed('1000'))).toContain('<green>ended by the model (1000)');
  expect(printed(closed('1000'))).not.toContain('WebSocket');
  expect(printed(closed('1000: all said'))).toContain('· all said');
  expect(printed(closed('1011: out of memory'))).toContain('<red>ModelStreamError');
});

const INSTANCE = { endpoint: 'speech', variant: 'AllTraffic', instance: 0 };

/** What one event puts on each of the two outputs. */
function linesOf(event: LocalEvent): { sessions: string; progress: string } {
  const written = { sessions: '', progress: '' };
  const output = (name: keyof typeof written) => ({
    isTTY: false,
    write: (piece: string) => {
      written[name] += piece;
    },
  });
  new LocalPrinter(output('sessions'), output('progress')).print(event);
  return written;
}

test('the line of a 424 names the path that was asked for and the reason that the container gave', () => {
  const { sessions } = linesOf({
    type: 'refused',
    requestId: 'id',
    method: 'POST',
    path: '/endpoints/speech/invocations-bidirectional-stream',
    containerPath: 'v1/listen?model=nova-4',
    containerAnswer: '400 no such model: nova-4',
    statusCode: 424,
    error: 'ModelError',
    message: 'The container refused the WebSocket.',
  });
  expect(sessions).toMatch(
    /^\d\d:\d\d:\d\d 424 ModelError POST \/endpoints\/speech\S+ \/v1\/listen\?model=nova-4: The container refused the WebSocket\. \(the container: 400 no such model: nova-4\)\n$/,
  );
});

test.each([
  [true, 'the container before it goes on serving'],
  [false, 'out of service'],
])('a container that does not start: whether another one serves (%s) is told with the reason', (isServing, fate) => {
  const { progress } = linesOf({
    type: 'container-failed',
    ...INSTANCE,
    isServing,
    message: 'It ended with exit code 1.\nSyntaxError: Unexpected token',
  });
  expect(progress).toBe(
    `speech/AllTraffic/0 | ${fate}, because the new one did not start: It ended with exit code 1.\n    SyntaxError: Unexpected token\n`,
  );
});

test('what a container, a caller or a template says cannot command the terminal', () => {
  const hostile = 'a\u001b]0;title\u0007b\u001b[2Jc\rd\u009b31m';
  const name = { endpoint: 'speech', variant: 'AllTraffic', instance: 0 };
  let text = '';
  const output = {
    isTTY: true,
    write: (piece: string) => {
      text += piece;
    },
  };
  const printer = new LocalPrinter(output, output);
  const events: LocalEvent[] = [
    { type: 'container-line', ...name, stream: 'stdout', line: hostile },
    { type: 'build-line', model: 'm', line: hostile },
    { type: 'warning', message: hostile },
    { type: 'container-failed', ...name, message: hostile, isServing: false },
    {
      type: 'container-crashed',
      ...name,
      exit: { code: 1, signal: null },
      lastLines: [hostile],
      openSessions: 0,
    },
    {
      type: 'session-ended',
      session: { ...SESSION, path: hostile, outcome: 'ModelStreamError', message: hostile, metering: { [hostile]: 1 } },
    },
    {
      type: 'refused',
      requestId: 'id',
      method: 'POST',
      path: hostile,
      containerPath: hostile,
      containerAnswer: hostile,
      statusCode: 424,
      error: 'ModelError',
      message: hostile,
    },
  ];
  for (const event of events) printer.print(event);
  expect(text.split('title').length).toBeGreaterThan(events.length); // each was printed
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
