import { ExplainedError } from '../../lib/contract';

class PortInUseError extends ExplainedError {
  override readonly code = 'ERR_BIDI_PORT_IN_USE';
}

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
    code: 'ERR_BIDI_PORT_IN_USE',
    what: 'Port 8443 is in use.',
    why: 'Another server runs.',
    next: 'Stop it.',
  });
});

test('keeps its cause', () => {
  const cause = new Error('EADDRINUSE');
  expect(new PortInUseError({ what: 'a', why: 'b', next: 'c' }, { cause }).cause).toBe(cause);
});
