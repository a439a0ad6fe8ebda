import { LocalPrinter } from '../../bin/local-printer';
import type { SessionSummary } from '../../lib/local';

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
