import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { WebSocket } from 'ws';
import { BIDIRECTIONAL_STREAM_PATH, SERVE_ARGUMENT, STOP_GRACE_MS } from '../../../lib/contract';
import { ContainerProcess } from '../container-process';

function ping(port: number): Promise<number> {
  return new Promise((answered, failed) => {
    request({ port, host: '127.0.0.1', path: '/ping', agent: false }, response => {
      response.resume();
      answered(response.statusCode!);
    })
      .on('error', failed)
      .end();
  });
}

function open(port: number): Promise<WebSocket> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/${BIDIRECTIONAL_STREAM_PATH}`);
  return new Promise((opened, failed) => {
    webSocket.on('open', () => opened(webSocket));
    webSocket.on('error', failed);
  });
}

const closed = (webSocket: WebSocket) => new Promise<number>(ended => webSocket.on('close', ended));

test('as a process it serves, drains on SIGTERM and ends with 0', async () => {
  await using container = await ContainerProcess.start('echo');
  expect(await ping(container.port)).toBe(200);
  const webSocket = await open(container.port);
  container.process.kill('SIGTERM');
  expect(await container.line('draining')).toMatchObject({ sessions: 1, graceMs: STOP_GRACE_MS - 5_000 });
  expect(await ping(container.port)).toBe(503);
  webSocket.close(1000);
  expect(await container.exited).toEqual({ code: 0, signal: null });
  expect(container.lines.map(line => line.event)).toEqual(['listening', 'ready', 'draining', 'session', 'stopped']);
  expect(container.stderr).toBe('');
});

test('Ctrl-C ends open sessions with 1001, also while it drains', async () => {
  await using container = await ContainerProcess.start('echo');
  const webSocket = await open(container.port);
  container.process.kill('SIGTERM');
  await container.line('draining');
  container.process.kill('SIGINT');
  expect(await closed(webSocket)).toBe(1001);
  expect(await container.exited).toEqual({ code: 0, signal: null });
  expect(container.lines.filter(line => line.event === 'stopped')).toHaveLength(1);
});

test.each([
  [
    'a faulty configuration',
    { ECHO_PATHS: '/a', ECHO_LOADING_MS: 'soon' },
    /^ECHO_PATHS names "\/a".*\nECHO_LOADING_MS is "soon".*\n$/,
  ],
  ['an address that is not of this machine', { BIDI_BIND_TO_HOST: '192.0.2.1' }, /^listen EADDRNOTAVAIL.*\n$/],
])('%s ends it with 1 and a word', async (_, environment, message) => {
  await using container = ContainerProcess.spawn('echo', environment);
  expect(await container.exited).toEqual({ code: 1, signal: null });
  expect(container.stderr).toMatch(message);
});

test('bundled into one file as in the image, it needs nothing beside it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-echo-'));
  try {
    const file = join(directory, 'server.js');
    const container = resolve(__dirname, '../../../container/echo');
    // The flags of the image's own build are read from where it reads them.
    const flags = (require(join(container, 'package.json')).scripts.build as string).split(' ');
    const external = flags.filter(flag => flag.startsWith('--external:')).map(flag => flag.slice('--external:'.length));
    await build({
      entryPoints: [join(container, 'src/server.ts')],
      bundle: true,
      platform: 'node',
      external,
      outfile: file,
    });
    await using running = await ContainerProcess.start('echo', {}, [process.execPath, file, SERVE_ARGUMENT]);
    expect(await ping(running.port)).toBe(200);
    const webSocket = await open(running.port);
    webSocket.send('hello');
    expect(await new Promise(received => webSocket.on('message', data => received(data.toString())))).toBe('hello');
    webSocket.terminate();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
