import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { finished, LocalModels } from '../bin/support/local-models';
import { TYPESCRIPT } from '../typescript-process';
import { findBrowser, HeadlessBrowser } from './support/headless-browser';

const ROOT = join(__dirname, '..', '..');
const SAMPLE = join(ROOT, 'examples', 'sample.wav');
const BROWSER = findBrowser();

let models: LocalModels;
beforeAll(async () => {
  models = await LocalModels.start();
}, 60_000);
afterAll(() => models?.[Symbol.asyncDispose]());

/** Starts an example as its first lines say, with the variables that point an AWS SDK at the local SageMaker. */
function example(name: string, ...words: string[]): ChildProcess {
  return spawn(process.execPath, [...TYPESCRIPT, join('examples', name), ...words], {
    cwd: ROOT,
    env: { ...models.environment, ...models.local.environment() },
    stdio: 'pipe',
  });
}

const PHRASES = ['I need help with', 'my account balance', 'I can help with that', 'and recent charges'];

describe('examples', () => {
  it('echo-words.ts sends words and prints their echoes', async () => {
    const { code, stdout } = await finished(example('echo-words.ts', 'echo'));
    const lines = stdout.trim().split('\n');
    expect(lines.filter(line => line.startsWith('→'))).toEqual(PHRASES.map(phrase => `→ ${phrase}`));
    expect(lines.filter(line => line.startsWith('←'))).toEqual(PHRASES.map(phrase => `← ${phrase}`));
    expect(code).toBe(0);
  });

  it('transcribe-wav.ts prints what is said in a recording', async () => {
    const { code, stdout } = await finished(example('transcribe-wav.ts', 'deepgram', SAMPLE));
    expect(stdout.replaceAll('\n', ' ').trim()).toBe(
      'I need help with my account balance. I can help with that and recent charges.',
    );
    expect(code).toBe(0);
  });

  it('plain-sdk.ts does without the session', async () => {
    const { code, stdout } = await finished(example('plain-sdk.ts', 'echo', 'one', 'two'));
    expect(stdout).toBe('one\ntwo\n');
    expect(code).toBe(0);
  });

  it.each(['echo-words.ts', 'plain-sdk.ts'])('%s fails with words for an endpoint that is not there', async name => {
    const { code, stderr } = await finished(example(name, 'not-there'));
    expect(stderr).toContain('not-there');
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(1);
  });
});

describe('browser-gateway', () => {
  let gateway: ChildProcess;
  let url: string;
  beforeAll(async () => {
    gateway = example('browser-gateway/server.ts', 'deepgram', '0');
    const [line] = await once(gateway.stdout!.setEncoding('utf8'), 'data');
    url = (line as string).trim();
  }, 30_000);
  afterAll(async () => {
    if (gateway.exitCode !== null) return;
    const exited = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  const socketTo = (path: string, origin = url) => new WebSocket(url.replace('http', 'ws') + path, { origin });

  it('serves its one page', async () => {
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe(readFileSync(join(ROOT, 'examples', 'browser-gateway', 'index.html'), 'utf8'));
    expect((await fetch(`${url}/server.ts`)).status).toBe(404);
  });

  it('takes samples, gives transcripts, and closes when the last words are said', async () => {
    const socket = socketTo('/stream?sample_rate=16000');
    const heard: string[] = [];
    socket.on('message', data => {
      const message = JSON.parse(String(data)) as {
        type: string;
        is_final?: boolean;
        channel: { alternatives: { transcript: string }[] };
      };
      if (message.type === 'Results' && message.is_final) heard.push(message.channel.alternatives[0]!.transcript);
    });
    await once(socket, 'open');
    const samples = readFileSync(SAMPLE).subarray(44);
    for (let offset = 0; offset < samples.length; offset += 3_200)
      socket.send(samples.subarray(offset, offset + 3_200));
    socket.send('stop');
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
    expect(heard.filter(Boolean).join(' ')).toBe(
      'I need help with my account balance. I can help with that and recent charges.',
    );
  });

  it('ends the stream of a page that goes away', async () => {
    const socket = socketTo('/stream?sample_rate=48000');
    await once(socket, 'open');
    socket.send(Buffer.alloc(9_600));
    const deadline = performance.now() + 10_000;
    while (models.local.openSessions === 0 && performance.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 20));
    expect(models.local.openSessions).toBe(1);
    socket.terminate();
    while (models.local.openSessions > 0 && performance.now() < deadline)
      await new Promise(resolve => setTimeout(resolve, 20));
    expect(models.local.openSessions).toBe(0);
  });

  // Without a browser on this machine the page is not opened; everything above runs all the same.
  (BROWSER ? it : it.skip)(
    'hears a microphone in a browser',
    async () => {
      await using page = await HeadlessBrowser.open(BROWSER!, SAMPLE, url);
      await page.evaluate("document.getElementById('toggle').click()");
      await page.until("document.getElementById('final').textContent.includes('balance.')");
      await page.evaluate("document.getElementById('toggle').click()");
      await page.until("document.getElementById('state').textContent === 'Ended.'");
      expect(await page.evaluate("document.getElementById('final').textContent")).toMatch(
        /^I need help with my account balance\./,
      );
      expect(models.local.openSessions).toBe(0);
    },
    60_000,
  );

  it.each([
    ['another path', '/other?sample_rate=16000', undefined],
    ['no sample rate', '/stream', undefined],
    ['a page of another site', '/stream?sample_rate=16000', 'https://example.com'],
  ])('refuses %s', async (_, path, origin) => {
    const socket = socketTo(path, origin);
    const [error] = await once(socket, 'error');
    expect((error as Error).message).toContain('400');
  });
});
