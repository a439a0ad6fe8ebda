import { ExplainedError } from '../../lib/contract';

class PortInUseError extends ExplainedError {}

test('prints as three short lines and exports the three as fields', () => {
  const error = new PortInUseError({ what: 'Port 8443 is in use.', why: 'Another server runs.', next: 'Stop it.' });
  expect(error.message.split('\n')).toEqual([
    'Port 8443 is in use.',
    '  why:  Another server runs.',
    '  next: Stop it.',
  ]);
  expect(error.name).toBe('PortInUseError');
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'PortInUseError',
    what: 'Port 8443 is in use.',
    why: 'Another server runs.',
    next: 'Stop it.',
  });
});

test('keeps its cause', () => {
  const cause = new Error('EADDRINUSE');
  expect(new ExplainedError({ what: 'a', why: 'b', next: 'c' }, { cause }).cause).toBe(cause);
});
