import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkContainer, PROBE_HOST } from '../../lib/check/live';
import type { RunningContainer } from '../../lib/contract';
import { freePort } from '../../lib/local/engine/process-engine';

/** Stands for port 8080, which checks of other test files that run meanwhile would take for their container's. */
let mockContainerPort = 0;
jest.mock('../../lib/contract', () =>
  Object.defineProperty({ ...jest.requireActual('../../lib/contract') }, 'CONTAINER_PORT', {
    get: () => mockContainerPort,
  }),
);
beforeAll(async () => {
  mockContainerPort = await freePort();
});

/** Where a server listens that was not told where to, and what the check says. */
type Case = readonly [host: string, port: 'another' | 'the contract’s', verdict: 'pass' | 'fail', seen: RegExp];

describe('a server that was not told where to listen', () => {
  /** A container in this process that listens where it wants to, under the name of another address. */
  async function elsewhere(host: string, port: Case[1]): Promise<RunningContainer> {
    const server = createServer((request, response) => response.writeHead(request.url === '/ping' ? 200 : 404).end());
    await new Promise<void>(resolve => server.listen(port === 'another' ? 0 : mockContainerPort, host, resolve));
    let exit: (value: { code: number; signal: null }) => void = () => undefined;
    const exited = new Promise<{ code: number; signal: null }>(resolve => {
      exit = resolve;
    });
    const kill = () => {
      server.closeAllConnections();
      server.close(() => exit({ code: 0, signal: null }));
    };
    const { port: told } = server.address() as AddressInfo;
    return {
      host: PROBE_HOST,
      port: port === 'another' ? told : 9,
      pid: process.pid,
      exited,
      output: () => [],
      kill,
      stop: async () => exited,
    };
  }

  async function check(...[host, port, verdict, seen]: Case): Promise<void> {
    if (process.platform !== 'linux') return;
    const abort = new AbortController();
    const findings = await checkContainer({
      limits: { replyMs: 1_500 },
      start: () => elsewhere(host, port),
      // The start is all that is looked at here.
      onProgress: ({ check }) => check !== 'start' && abort.abort(),
      abortSignal: abort.signal,
    });
    const findingOf = (name: string) => findings.find(finding => finding.name === name);
    expect(findingOf('start')).toMatchObject({ verdict: 'pass' });
    expect(findingOf('listen-address')).toMatchObject({ verdict, seen: expect.stringMatching(seen) });
  }

  test.concurrent.each<Case>([
    ['0.0.0.0', 'another', 'pass', /^it answers on 127\.0\.0\.2$/],
    ['127.0.0.1', 'another', 'fail', /^it listens on 127\.0\.0\.1 alone/],
    ['::1', 'another', 'fail', /^it listens on ::1 alone/],
  ])('and listens on %s, %s port: %s', check);

  // One after the other: they listen on the same port.
  test.each<Case>([
    ['0.0.0.0', 'the contract’s', 'pass', /it listens on port \d+, as the contract has it/],
    ['127.0.0.1', 'the contract’s', 'fail', /alone.*port \d+, as the contract has it/],
  ])('and listens on %s, %s port: %s', check);
});
